//! What the rule packs that bind the parties of an MOU ask of it: one table, and what follows from it. Pure.
//!
//! An MOU authorises nothing by itself, and no pack lets it. What a pack keeps out of every MOU would need, beside the MOU, a
//! consent of its own kind or a court's order: it is refused where an MOU is drafted, since nobody could count on it.

use concord_entities::grants::Grants;
use concord_entities::rule_pack;
use concord_entities::vocabulary::{Categories, Code, DataCategory, Pack, Purpose, Purposes};

use crate::error::{Error, Faults};

/// What a rule pack asks of the parties of an MOU.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duty {
    /// Its stable code.
    pub code: &'static str,
    /// The pack.
    pub pack: Pack,
    /// Where it is written; of a state's law its agency says where.
    pub citation: &'static str,
    /// It in English.
    pub english: &'static str,
    /// It in Spanish.
    pub spanish: &'static str,
}

/// Every duty, by its pack.
pub const DUTIES: [Duty; 11] = [
    Duty {
        code: "VAWA_CONSENT",
        pack: Pack::Vawa,
        citation: "34 U.S.C. 12291(b)(2)(B)",
        english: "Nothing that identifies a person served is told without that person's informed, written consent for a reasonable time.",
        spanish: "No se comunica nada que identifique a una persona atendida sin su consentimiento informado, por escrito y por un tiempo razonable.",
    },
    Duty {
        code: "VAWA_COMPELLED",
        pack: Pack::Vawa,
        citation: "34 U.S.C. 12291(b)(2)(C)",
        english: "Where a statute or a court compels disclosure, the agency tries to tell the people affected and takes steps to protect them.",
        spanish: "Cuando una ley o un tribunal obliga a revelar información, la agencia procura avisar a las personas afectadas y toma medidas para protegerlas.",
    },
    Duty {
        code: "VAWA_TOTALS",
        pack: Pack::Vawa,
        citation: "34 U.S.C. 12291(b)(2)(D)",
        english: "Without consent only totals that identify nobody are shared.",
        spanish: "Sin consentimiento solo se comparten totales que no identifican a nadie.",
    },
    Duty {
        code: "VOCA_CONSENT",
        pack: Pack::Voca,
        citation: "28 CFR 94.115",
        english: "Services never depend on consenting, and nothing that identifies a person served is told without written consent.",
        spanish: "Los servicios nunca dependen del consentimiento, y no se comunica nada que identifique a una persona atendida sin consentimiento por escrito.",
    },
    Duty {
        code: "VOCA_COMPELLED",
        pack: Pack::Voca,
        citation: "28 CFR 94.115",
        english: "Where a statute or a court compels disclosure, the agency tries to tell the people affected and takes steps to protect them.",
        spanish: "Cuando una ley o un tribunal obliga a revelar información, la agencia procura avisar a las personas afectadas y toma medidas para protegerlas.",
    },
    Duty {
        code: "FVPSA_CONSENT",
        pack: Pack::Fvpsa,
        citation: "42 U.S.C. 10406(c)(5)",
        english: "Nothing that identifies a person served is told without that person's informed, written consent for a reasonable time.",
        spanish: "No se comunica nada que identifique a una persona atendida sin su consentimiento informado, por escrito y por un tiempo razonable.",
    },
    Duty {
        code: "FVPSA_SHELTER",
        pack: Pack::Fvpsa,
        citation: "42 U.S.C. 10406(c)(5)",
        english: "Where a confidential shelter is, nobody makes public without the written permission of those who run it.",
        spanish: "Nadie hace pública la ubicación de un refugio confidencial sin el permiso por escrito de quienes lo dirigen.",
    },
    Duty {
        code: "PART2_BOUND",
        pack: Pack::Part2,
        citation: "42 CFR 2.11, 2.12(c)(4)",
        english: "A qualified service organization that is told of substance-use records agrees in writing to be bound by part 2.",
        spanish: "Una organización de servicios calificada que conoce registros sobre consumo de sustancias acepta por escrito quedar sujeta a la parte 2.",
    },
    Duty {
        code: "PART2_NOTICE",
        pack: Pack::Part2,
        citation: "42 CFR 2.31, 2.32",
        english: "A consent names substance-use records, and the notice against telling them on travels with them.",
        spanish: "El consentimiento nombra los registros sobre consumo de sustancias, y con ellos viaja el aviso que prohíbe volver a comunicarlos.",
    },
    Duty {
        code: "PART2_NO_PROSECUTION",
        pack: Pack::Part2,
        citation: PART2_PROCEEDINGS,
        english: "Substance-use records serve no investigation and no prosecution under this memorandum.",
        spanish: "Los registros sobre consumo de sustancias no sirven para investigar ni para procesar a nadie en virtud de este memorando.",
    },
    Duty {
        code: "STATE_LAW",
        pack: Pack::State,
        citation: "",
        english: "The state's law on confidentiality holds beside the federal one, and where it asks for more it is followed.",
        spanish: "La ley estatal de confidencialidad rige junto a la federal y, cuando exige más, se cumple.",
    },
];

/// Where part 2 keeps records out of proceedings against the patient, but for a consent of its own or a court's order.
const PART2_PROCEEDINGS: &str = "42 CFR 2.32 and part 2, subpart E";

/// A duty under an MOU, with where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obligation {
    /// The duty.
    pub duty: Duty,
    /// Where it is written.
    pub citation: String,
}

/// Lists what the rules that bind the parties of an MOU ask of them, each once; a state's once for each of its laws.
pub fn obligations<'p>(binding: impl Iterator<Item = &'p rule_pack::Model>) -> Vec<Obligation> {
    let binding: Vec<_> = binding.collect();
    let mut asked: Vec<Obligation> = Vec::new();
    for duty in DUTIES {
        for pack in binding.iter().filter(|one| one.pack == duty.pack) {
            let citation = match duty.pack {
                Pack::State => pack.citation.clone().unwrap_or_default(),
                Pack::Vawa | Pack::Voca | Pack::Fvpsa | Pack::Part2 => duty.citation.to_owned(),
            };
            let one = Obligation { duty, citation };
            if !asked.contains(&one) {
                asked.push(one);
            }
        }
    }
    asked
}

/// Checks what an MOU permits against the packs that bind its parties, however it comes in. Where it lacks the word of whoever is
/// told of substance-use records, that is added to `faults`, at the place of `qsoa`.
///
/// # Errors
/// As [`check_within`].
pub fn check(
    grants: &Grants,
    agreed: bool,
    packs: &[Pack],
    qsoa: &str,
    faults: &mut Faults,
) -> Result<(), Error> {
    let text = "true, as part 2 binds a party: whoever is told of substance-use records agrees to be bound by it, too";
    faults.require(!lacks_qsoa(grants, agreed, packs), qsoa, text);
    check_within(grants, packs)
}

/// Returns whether an MOU lacks the word of whoever is told of substance-use records, where part 2 binds a party.
#[must_use]
pub fn lacks_qsoa(grants: &Grants, agreed: bool, packs: &[Pack]) -> bool {
    let permits = grants.categories().has(DataCategory::SubstanceUse);
    permits && packs.contains(&Pack::Part2) && !agreed
}

/// Returns what a pack keeps out of every MOU, and where that is written.
fn kept_out(pack: Pack) -> (Grants, &'static str) {
    match pack {
        Pack::Part2 => {
            let proceedings: Purposes = [Purpose::Investigation, Purpose::Prosecution]
                .into_iter()
                .collect();
            let records = Categories::only(DataCategory::SubstanceUse);
            (Grants::product(records, proceedings), PART2_PROCEEDINGS)
        }
        Pack::Vawa | Pack::Voca | Pack::Fvpsa | Pack::State => (Grants::EMPTY, ""),
    }
}

/// Checks that an MOU permits nothing that a pack which binds one of its parties keeps out of every MOU.
///
/// # Errors
/// `BEYOND_RULE_PACK`: the first such pair.
pub fn check_within(grants: &Grants, packs: &[Pack]) -> Result<(), Error> {
    for pack in packs {
        let (kept_out, citation) = kept_out(*pack);
        let beyond = grants.and(&kept_out);
        let first = beyond
            .iter()
            .find_map(|(purpose, some)| Some((purpose, some.iter().next()?)));
        if let Some((purpose, category)) = first {
            return Err(Error::BeyondRulePack {
                category: category.code(),
                purpose: purpose.code(),
                pack: pack.code(),
                citation,
            });
        }
    }
    Ok(())
}
