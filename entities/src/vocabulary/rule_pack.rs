//! The rules that bind an agency, and what a consent lacks by them.

use crate::code::codes;

codes! {
    /// A set of rules that binds an agency.
    Pack {
        /// The Violence Against Women Act: 34 U.S.C. 12291(b)(2).
        Vawa = "VAWA",
        /// The Victims of Crime Act: 28 CFR 94.115.
        Voca = "VOCA",
        /// The Family Violence Prevention and Services Act: 42 U.S.C. 10406(c)(5).
        Fvpsa = "FVPSA",
        /// Confidentiality of substance-use records: 42 CFR part 2.
        Part2 = "PART2",
        /// A state's law, with its own maximum.
        State = "STATE",
    }

    /// Whether something that a consent lacks keeps it from being signed.
    Severity {
        /// It cannot be signed before this is mended.
        Blocking = "BLOCKING",
        /// No rule that binds your agency asks for it; it is good practice.
        Advisory = "ADVISORY",
    }
}
