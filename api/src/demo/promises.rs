//! What the parties of the memoranda promise, coded: some needs are met in several languages, some by nobody, some no longer than
//! a few weeks, and one nowhere any more since its MOU ran out.

use concord_entities::vocabulary::Need;

use super::who::Who;
use crate::mou::promises::Promise;
use crate::wire::scalars::LanguageTag;

/// What one agency promises under one MOU.
struct PromisePlan {
    mou: &'static str,
    who: Who,
    needs: &'static [Need],
    languages: &'static [&'static str],
    areas: &'static [&'static str],
    capacity: Option<i32>,
}

// The region is invented, and so are its counties: in a state that there is they have numbers that no county has.
const ALDER: &str = "42901";
const MILLRACE: &str = "42903";
const HARROW: &str = "42905";

const PROMISES: &[PromisePlan] = &[
    PromisePlan {
        mou: "Safe housing in the Three Rivers",
        who: Who::Harbor,
        needs: &[Need::Housing, Need::SocialSupport],
        languages: &["en", "es", "tl", "zh"],
        areas: &[ALDER, MILLRACE],
        capacity: Some(11),
    },
    PromisePlan {
        mou: "Safe housing in the Three Rivers",
        who: Who::Shelter,
        needs: &[Need::Housing, Need::MaterialAssistance],
        languages: &["en", "es", "vi"],
        areas: &[MILLRACE],
        capacity: Some(6),
    },
    PromisePlan {
        mou: "Counsel for survivors",
        who: Who::LegalAid,
        needs: &[Need::Legal, Need::ImmigrationAssistance, Need::Reparation],
        languages: &["en", "es", "zh", "am"],
        areas: &[ALDER, MILLRACE, HARROW],
        capacity: Some(20),
    },
    PromisePlan {
        mou: "Health care in confidence",
        who: Who::Clinic,
        needs: &[Need::MedicalCare],
        languages: &["en", "es", "tl", "ru", "hi"],
        areas: &[ALDER, MILLRACE],
        capacity: None,
    },
    PromisePlan {
        mou: "Paths to work",
        who: Who::Workforce,
        needs: &[Need::Employment, Need::Training],
        languages: &["en", "es"],
        areas: &[ALDER],
        capacity: Some(30),
    },
    PromisePlan {
        mou: "Work coaching in Millrace County",
        who: Who::Workforce,
        needs: &[Need::Employment],
        languages: &["en"],
        areas: &[MILLRACE],
        capacity: Some(8),
    },
    PromisePlan {
        mou: "Treatment by choice",
        who: Who::Recovery,
        needs: &[Need::CounselingAndInformation],
        languages: &["en", "es"],
        areas: &[ALDER],
        capacity: Some(8),
    },
    PromisePlan {
        mou: "Treatment for the valley",
        who: Who::Recovery,
        needs: &[Need::CounselingAndInformation],
        languages: &["en"],
        areas: &[HARROW],
        capacity: Some(4),
    },
    PromisePlan {
        mou: "Overflow lodging",
        who: Who::Lodging,
        needs: &[Need::Housing],
        languages: &["en"],
        areas: &[HARROW],
        capacity: Some(10),
    },
    PromisePlan {
        mou: "Emergency beds at weekends",
        who: Who::Shelter,
        needs: &[Need::Housing],
        languages: &["en", "es"],
        areas: &[HARROW],
        capacity: Some(2),
    },
];

/// Returns what an agency promises under the MOU of this title.
pub(super) fn promised(mou: &str, who: Who) -> Vec<Promise> {
    let own = PROMISES
        .iter()
        .filter(|plan| plan.mou == mou && plan.who == who);
    own.map(PromisePlan::told).collect()
}

impl PromisePlan {
    fn told(&self) -> Promise {
        let languages = self.languages.iter().copied();
        Promise {
            needs: self.needs.to_vec(),
            languages: languages.filter_map(LanguageTag::new).collect(),
            areas: self.areas.iter().map(|area| (*area).to_owned()).collect(),
            capacity: self.capacity,
        }
    }
}
