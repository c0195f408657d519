//! Why a file is not taken as a signed paper.

/// Why a file is not taken. Safe to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// It is something else.
    #[error(
        "not a PDF, JPEG or PNG: have the scanner or phone save one of these (a HEIC photo is exported as JPEG)"
    )]
    OtherType,
    /// It does not end as such a file ends.
    #[error("the file is cut off or broken: it does not end as such a file ends; send all of it")]
    CutOff,
    /// It can be read as a file of another kind, too.
    #[error(
        "the file is of two kinds at once, so that nobody knows what it shows: scan or export the paper again"
    )]
    TwoTypes,
    /// There is something behind a PNG's end.
    #[error(
        "something is behind the picture's end, such as what was cropped: export the picture again"
    )]
    BehindEnd,
    /// It needs a password.
    #[error("the PDF is encrypted: save it without password and restrictions")]
    Encrypted,
    /// It has a program.
    #[error("the PDF has JavaScript: print it to a PDF, or scan the paper")]
    Script,
    /// It starts, opens or sends something.
    #[error("the PDF opens or sends something by itself: print it to a PDF, or scan the paper")]
    Action,
    /// Other files are in it.
    #[error("the PDF has files in it: print it to a PDF, or scan the paper")]
    EmbeddedFile,
    /// It is made of a form that only some programs show.
    #[error(
        "the PDF is an XFA form, which not every program shows alike: print it to a PDF, or scan the paper"
    )]
    Form,
    /// It moves or sounds.
    #[error("the PDF has sound, film or 3D in it: print it to a PDF, or scan the paper")]
    Media,
    /// Some of it cannot be looked into.
    #[error(
        "some of the PDF cannot be looked into, or is packed too tightly: print it to a PDF, or scan the paper"
    )]
    Unreadable,
}

impl DocumentError {
    /// Returns the reason's code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::OtherType => "OTHER_TYPE",
            Self::CutOff => "CUT_OFF",
            Self::TwoTypes => "TWO_TYPES",
            Self::BehindEnd => "BEHIND_END",
            Self::Encrypted => "ENCRYPTED",
            Self::Script => "SCRIPT",
            Self::Action => "ACTION",
            Self::EmbeddedFile => "EMBEDDED_FILE",
            Self::Form => "XFA_FORM",
            Self::Media => "MEDIA",
            Self::Unreadable => "UNREADABLE",
        }
    }
}
