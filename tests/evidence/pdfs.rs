//! PDFs show pages, or are refused with the reason. Each is made here as a scanner, an office program or an attacker makes it.

use std::fmt::Write as _;

use std::time::{Duration, Instant};

use concord::consent::document::fault::DocumentError;
use concord::consent::document::fault::DocumentError::{
    Action, EmbeddedFile, Encrypted, Form, Media, Script, TwoTypes, Unreadable,
};
use concord::consent::document::formats::DocumentType;
use miniz_oxide::deflate::compress_to_vec_zlib;
use proptest::prelude::*;

/// A PDF of one page with a picture, with more objects and more in its catalog.
pub fn pdf(catalog: &str, objects: &[&[u8]]) -> Vec<u8> {
    let mut file = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec();
    let catalog = format!("<< /Type /Catalog /Pages 2 0 R {catalog} >>");
    let picture = [
        &b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /Filter /DCTDecode /Length 8 >>\nstream\n"[..],
        b"\xff\xd8/JS\xff\xd9\n", b"endstream",
    ]
    .concat();
    let own: [&[u8]; 4] = [
        catalog.as_bytes(),
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /XObject << /Im0 4 0 R >> >> >>",
        &picture,
    ];
    let mut places = Vec::new();
    for (number, object) in own.iter().chain(objects).enumerate() {
        places.push(file.len());
        file.extend(format!("{} 0 obj\n", number + 1).bytes());
        file.extend_from_slice(object);
        file.extend(b"\nendobj\n");
    }
    let table = file.len();
    let size = places.len() + 1;
    file.extend(format!("xref\n0 {size}\n0000000000 65535 f \n").bytes());
    for place in places {
        file.extend(format!("{place:010} 00000 n \n").bytes());
    }
    let trailer = format!("trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{table}\n%%EOF\n");
    file.extend(trailer.bytes());
    file
}

/// A stream of objects that are numbered from 50 on, packed as `filter` says.
fn packed(objects: &[&str], filter: &str, pack: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
    let mut head = String::new();
    let mut body = String::new();
    for (number, object) in objects.iter().enumerate() {
        write!(head, "{} {} ", 50 + number, body.len()).unwrap();
        body += object;
        body += "\n";
    }
    let data = pack(format!("{head}{body}").as_bytes());
    let count = objects.len();
    let first = head.len();
    let length = data.len();
    let said = format!(
        "<< /Type /ObjStm /N {count} /First {first} /Length {length} {filter} >>\nstream\r\n"
    );
    [said.as_bytes(), &data, b"\nendstream"].concat()
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec_zlib(bytes, 6)
}

fn verdict(file: &[u8]) -> Result<DocumentType, DocumentError> {
    DocumentType::of(file)
}

const PDF: Result<DocumentType, DocumentError> = Ok(DocumentType::Pdf);

#[test]
fn what_scanners_and_office_programs_write_is_taken() {
    let page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>";
    for (name, file) in [
        ("a plain one", pdf("", &[])),
        (
            "the first page is shown first",
            pdf("/OpenAction [3 0 R /FitH null]", &[]),
        ),
        (
            "the same, as an action",
            pdf("/OpenAction 5 0 R", &[b"<< /S /GoTo /D [3 0 R /Fit] >>"]),
        ),
        (
            "a link of the scanning app",
            pdf(
                "",
                &[b"<< /Subtype /Link /A << /S /URI /URI (https://example.org/JS/AA) >> >>"],
            ),
        ),
        (
            "a signature field",
            pdf(
                "/AcroForm << /Fields [5 0 R] /SigFlags 3 >>",
                &[b"<< /FT /Sig /T (Signature) >>"],
            ),
        ),
        (
            "packed objects",
            pdf(
                "",
                &[&packed(
                    &[page, "<< /Title (/JS) >>"],
                    "/Filter /FlateDecode",
                    deflated,
                )],
            ),
        ),
        (
            "packed objects as they are",
            pdf("", &[&packed(&[page, "[1 2 3]"], "", <[u8]>::to_vec)]),
        ),
        (
            "a text that only looks like it",
            pdf("", &[b"<< /Title (print \\( /JavaScript) >>"]),
        ),
        (
            "a comment that only looks like it",
            pdf("", &[b"<< /Title (x) % /JavaScript\n >>"]),
        ),
    ] {
        assert_eq!(verdict(&file), PDF, "{name}");
        // A scanner's or a printer's queue puts its own lines before the header.
        for before in [
            &b"\r\n\r\n"[..],
            b"\xef\xbb\xbf",
            b"\x1b%-12345X@PJL ENTER LANGUAGE=PDF\r\n",
            &[0; 1000],
        ] {
            assert_eq!(
                verdict(&[before, &file].concat()),
                PDF,
                "{name} behind {} bytes",
                before.len()
            );
        }
        let far = [&[b' '; 1024][..], &file].concat();
        assert_eq!(verdict(&far), Err(DocumentError::OtherType));
    }
}

/// What acts, and why it is refused.
const ACTS: [(&str, DocumentError); 21] = [
    ("<< /S /JavaScript /JS (app.alert\\(1\\)) >>", Script),
    ("<< /S /J#61vaScript >>", Script),
    ("<< /#4a#53 (app.alert\\(1\\)) >>", Script),
    ("<</JS(x)>>", Script),
    ("<< /A [<< /Next << /JS 7 0 R >> >>] >>", Script),
    ("/JavaScript", Script),
    ("<< /Names [(x) << /S\n%comment\n/JavaScript >>] >>", Script),
    ("<< /S /Launch /F (cmd.exe) >>", Action),
    ("<< /S /Launch#20 /S /L#61unch >>", Action),
    ("<< /S /GoToR /F (other.pdf) >>", Action),
    ("<< /S /SubmitForm /F (https://example.org) >>", Action),
    ("<< /S /ImportData >>", Action),
    ("<< /AA << /O 7 0 R >> >>", Action),
    ("<< /Type /Filespec /EF << /F 7 0 R >> >>", EmbeddedFile),
    ("<< /EmbeddedFiles 7 0 R >>", EmbeddedFile),
    ("<< /Type /Embedded#46ile >>", EmbeddedFile),
    ("<< /Subtype /FileAttachment >>", EmbeddedFile),
    ("<< /AcroForm << /XFA 7 0 R >> >>", Form),
    ("<< /Subtype /RichMedia >>", Media),
    ("<< /Subtype /3D >>", Media),
    ("<< /S /Rendition >>", Media),
];

#[test]
fn what_acts_is_refused_wherever_it_stands() {
    for (object, reason) in ACTS {
        let bytes = object.as_bytes();
        let refused = Err(reason);
        assert_eq!(verdict(&pdf("", &[bytes])), refused, "{object}");
        let inside = [
            "<< /Length 5 >>\nstream\nno\n99 0 obj ",
            object,
            "\nendobj\nendstream",
        ]
        .concat();
        assert_eq!(
            verdict(&pdf("", &[inside.as_bytes()])),
            refused,
            "in a stream: {object}"
        );
        let in_text = format!(
            "<< /Title (99 0 obj {} endobj) >>",
            object.replace(['(', ')', '\\'], " ")
        );
        assert_eq!(
            verdict(&pdf("", &[in_text.as_bytes()])),
            refused,
            "in a text: {object}"
        );
        for (filter, pack) in [
            ("/Filter /FlateDecode", deflated as fn(&[u8]) -> Vec<u8>),
            ("/Filter [/Fl#61teDecode]", deflated),
            ("", <[u8]>::to_vec),
        ] {
            let hidden = packed(&["<< /Title (x) >>", object], filter, pack);
            assert_eq!(verdict(&pdf("", &[&hidden])), refused, "{filter}: {object}");
            let unnamed = String::from_utf8_lossy(&hidden).into_owned();
            if filter.is_empty() {
                let unnamed = unnamed.replace("/Type /ObjStm", "");
                assert_eq!(
                    verdict(&pdf("", &[unnamed.as_bytes()])),
                    refused,
                    "unnamed: {object}"
                );
            }
        }
        // An earlier revision, and a later one.
        let later = [
            &pdf("", &[])[..],
            b"5 0 obj ",
            bytes,
            b" endobj\ntrailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF\n",
        ]
        .concat();
        assert_eq!(verdict(&later), refused, "in a later revision: {object}");
    }
    let whole = pdf("", &[]);
    let text = String::from_utf8_lossy(&whole).replace("/Size", "/Encrypt 7 0 R /Size");
    assert_eq!(verdict(text.as_bytes()), Err(Encrypted));
    let opens = pdf(
        "/OpenAction 5 0 R",
        &[b"<< /S /URI /URI (https://example.org) >>"],
    );
    assert_eq!(verdict(&opens), Err(Action));
}

#[test]
fn what_cannot_be_looked_into_is_refused() {
    let object = "<< /Title (x) >>";
    let good = packed(&[object], "/Filter /FlateDecode", deflated);
    let said = |from: &str, to: &str| {
        let begin = good.windows(6).position(|part| part == b"stream").unwrap();
        let head = String::from_utf8_lossy(&good[..begin]).replace(from, to);
        [head.as_bytes(), &good[begin..]].concat()
    };
    for (name, stream) in [
        (
            "another packing",
            packed(&[object], "/Filter /LZWDecode", <[u8]>::to_vec),
        ),
        (
            "packed twice",
            packed(&[object], "/Filter [/FlateDecode /FlateDecode]", |bytes| {
                deflated(&deflated(bytes))
            }),
        ),
        (
            "a filter said elsewhere",
            said("/Filter /FlateDecode", "/Filter 7 0 R"),
        ),
        (
            "a predictor",
            said("/Filter", "/DecodeParms << /Predictor 12 >> /Filter"),
        ),
        ("a count said elsewhere", said("/N 1", "/N 7 0 R")),
        ("a count that is none", said("/N 1", "/N -1")),
        ("more objects than there are", said("/N 1", "/N 1000000000")),
        ("no beginning", said("/First", "/Fist")),
        ("damaged", good[..good.len() - 25].to_vec()),
    ] {
        assert_eq!(verdict(&pdf("", &[&stream])), Err(Unreadable), "{name}");
    }
}

#[test]
fn a_file_of_two_kinds_is_refused() {
    let plain = pdf("", &[]);
    for before in [
        &b"<html>"[..],
        b"\n<svg>",
        b"PK\x03\x04",
        b"GIF89a",
        b"MZ",
        b"#!/bin/sh\n",
    ] {
        assert_eq!(
            verdict(&[before, &plain].concat()),
            Err(TwoTypes),
            "{before:?}"
        );
    }
    for kind in [DocumentType::Jpeg, DocumentType::Png] {
        let picture = super::files::file(kind, "%PDF-1.7");
        assert_eq!(verdict(&picture), Err(TwoTypes), "{kind:?}");
    }
    let archive = [&b"PK\x05\x06"[..], &[0; 18]].concat();
    for kind in [DocumentType::Pdf, DocumentType::Jpeg] {
        let behind = [&super::files::file(kind, "x")[..], &archive].concat();
        assert_eq!(verdict(&behind), Err(TwoTypes), "{kind:?}");
    }
}

#[test]
fn hostile_files_cost_little() {
    let bomb = vec![b' '; 64 << 20];
    let bomb = packed(&["<< >>"], "/Filter /FlateDecode", |_| deflated(&bomb));
    assert!(bomb.len() < 1 << 20);
    let size = 4 << 20;
    let repeated = |part: &[u8]| part.repeat(size / part.len());
    for (name, object, expected) in [
        ("a bomb", bomb, Some(Unreadable)),
        (
            "objects in objects",
            repeated(b"1 0 obj<<"),
            Some(Unreadable),
        ),
        ("texts in texts", repeated(b" obj("), Some(Unreadable)),
        ("deep lists", repeated(b"["), None),
        ("many names", repeated(b"/N 1 /First 2 /Filter [/a] "), None),
        ("many escapes", repeated(b"/#4"), None),
        ("many comments", repeated(b"%\n"), None),
        ("many trailers", repeated(b"trailer<"), Some(Unreadable)),
        (
            "streams in streams",
            repeated(b" obj<</N 1/First 9>>stream 0 0 "),
            None,
        ),
    ] {
        let file = pdf("", &[&object]);
        let begun = Instant::now();
        let verdict = verdict(&file);
        // A hundred times what it takes.
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "{name}: {:?}",
            begun.elapsed()
        );
        if let Some(expected) = expected {
            assert_eq!(verdict, Err(expected), "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// A picture's bytes say nothing, whatever they spell.
    #[test]
    fn no_picture_is_taken_for_an_action(bytes in prop::collection::vec(any::<u8>(), 0..4000)) {
        let data = [&b"<< /Filter /DCTDecode >>\nstream\n/JS (x) /AA "[..], &bytes, b"\nendstream"].concat();
        prop_assert_eq!(verdict(&pdf("", &[&data])), PDF);
    }

    #[test]
    fn damage_is_never_more_than_refused(
        place in 0..2000_usize,
        bytes in prop::collection::vec(any::<u8>(), 1..40),
    ) {
        let stream = packed(&["<< /Title (x) >>", "[1 2]"], "/Filter /FlateDecode", deflated);
        let mut file = pdf("/OpenAction 5 0 R", &[&stream]);
        let place = place % file.len();
        let end = file.len().min(place + bytes.len());
        file.splice(place..end, bytes);
        let _judged = verdict(&file);
    }
}
