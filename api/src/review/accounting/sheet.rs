//! The accounting as a page that a person can take along, made of a language's words. It shows nobody's identity. Pure.

use askama::Template;
use concord_entities::instant::{Day, Instant};
use concord_entities::vocabulary::{
    Categories, ContactBar, ContactChannel, MandateInstrument, OutsideRecipient, Purpose,
};
use concord_entities::zone::Zone;

use super::texts::{self, AccountingTexts, AccountingTextsError};
use crate::consent::form::page::{FormPage, PaperSize};
use crate::consent::form::texts::{FormLanguage, FormTexts, FormTextsError, fill};
use crate::survivor::contact::rules::{ContactBarredError, Plan, may_contact};

/// What the page is about.
#[derive(Clone, Debug)]
pub struct PrintedAccounting {
    /// The name of the agency that told.
    pub agency: String,
    /// Where it works.
    pub zone: Zone,
    /// The days accounted for, both included.
    pub days: (Day, Day),
    /// When it was made.
    pub made_at: Instant,
    /// The id of the request that made it, which the audit log has.
    pub request: String,
    /// The lines.
    pub lines: Vec<PrintedLine>,
    /// How the person may be reached with paper, for whoever prints it.
    pub ways: PaperWays,
}

/// A line as the page shows it.
#[derive(Clone, Debug)]
pub struct PrintedLine {
    /// Who was told.
    pub recipient: PrintedRecipient,
    /// Why.
    pub reason: PrintedReason,
    /// The day of the first time, and of the last.
    pub days: (Day, Day),
    /// How many times.
    pub count: u64,
    /// What was told the first time.
    pub first: Categories,
    /// What was told at some time.
    pub categories: Categories,
}

/// Who was told.
#[derive(Clone, Debug)]
pub struct PrintedRecipient {
    /// The name; none once it is erased.
    pub name: Option<String>,
    /// What kind of body, where it is none of the task force.
    pub outside: Option<OutsideRecipient>,
}

/// Why it was told.
#[derive(Clone, Debug)]
pub enum PrintedReason {
    /// For this, as a consent allowed.
    Consent(Option<Purpose>),
    /// As this demanded, which that authority issued. Not its docket number: a paper that others find would lead to the case.
    Mandate(MandateInstrument, Option<String>),
}

/// How paper may reach a person now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PaperWays {
    /// Nobody has asked the person how.
    NoPlan,
    /// The person is not to be contacted.
    Never,
    /// What the plan says of each way, without any address: until when it is open, where it ever closes.
    Each(Vec<(ContactChannel, Result<Option<Instant>, ContactBarredError>)>),
}

impl PaperWays {
    /// The ways that paper goes.
    const ALL: [ContactChannel; 3] = [
        ContactChannel::InPerson,
        ContactChannel::ThroughAdvocate,
        ContactChannel::Post,
    ];

    /// Returns what a plan for safe contact says at `now`.
    #[must_use]
    pub fn by(plan: Option<&Plan>, now: Instant) -> Self {
        let Some(plan) = plan else {
            return Self::NoPlan;
        };
        let asked = Self::ALL.map(|way| (way, may_contact(plan, way, now).map(|how| how.until)));
        let never = |answer: &Result<_, ContactBarredError>| matches!(answer, Err(not) if not.bar == ContactBar::DoNotContact);
        if asked.iter().any(|(_, answer)| never(answer)) {
            return Self::Never;
        }
        Self::Each(asked.to_vec())
    }
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum AccountingPageError {
    /// A language's words cannot be read.
    #[error(transparent)]
    Texts(#[from] AccountingTextsError),
    /// The consent form's words for the same cannot.
    #[error(transparent)]
    FormTexts(#[from] FormTextsError),
    /// The page cannot be made of them.
    #[error("the page cannot be made: {0}")]
    Template(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "accounting_page.html")]
struct AccountingSheet<'s> {
    texts: &'static AccountingTexts,
    language: FormLanguage,
    style: &'s str,
    missing: Vec<(FormLanguage, String)>,
    staff: Vec<(FormLanguage, Vec<String>)>,
    intro: String,
    period: String,
    lines: Vec<SheetLine>,
    document: String,
}

/// A line in words.
struct SheetLine {
    recipient: String,
    kind: Option<&'static str>,
    when: String,
    first: Vec<&'static str>,
    later: Vec<&'static str>,
    why: Vec<String>,
}

/// The words of one language: the page's own, and the consent form's.
#[derive(Clone, Copy)]
struct Words {
    own: &'static AccountingTexts,
    form: &'static FormTexts,
}

const STYLE: &str = include_str!("../../../templates/accounting_page.css");

impl PrintedAccounting {
    /// Returns the page in the language that is asked for; in English where there is none, and then it says so.
    ///
    /// # Errors
    /// [`AccountingPageError`].
    pub fn page(&self, asked: &str, paper: PaperSize) -> Result<FormPage, AccountingPageError> {
        let found = FormLanguage::of(asked);
        let language = found.unwrap_or(FormLanguage::English);
        let words = Words::of(language)?;
        let mut missing = Vec::new();
        let mut staff = Vec::new();
        for each in FormLanguage::ALL {
            let words = Words::of(*each)?;
            if found.is_none() {
                let text = fill(&words.own.missing_language, &[("tag", asked)]);
                missing.push((*each, text));
            }
            staff.push((*each, self.to_staff(words)));
        }
        let document = self.document(words);
        let style = format!("{STYLE}{}", paper.sheets(&document));
        let (first, last) = (self.day(words, self.days.0), self.day(words, self.days.1));
        let zone = self.zone.city();
        let period = [("first", &*first), ("last", &*last), ("zone", &*zone)];
        let sheet = AccountingSheet {
            texts: words.own,
            language,
            style: &style,
            missing,
            staff,
            intro: fill(&words.own.intro, &[("agency", &self.agency)]),
            period: fill(&words.own.period, &period),
            lines: self
                .lines
                .iter()
                .map(|line| self.in_words(words, line))
                .collect(),
            document,
        };
        let html = sheet.render()?;
        Ok(FormPage::styled(html, language, &style))
    }

    /// Returns which paper it is: by it, the audit log tells who printed it.
    fn document(&self, words: Words) -> String {
        let day = self.day(words, self.zone.day(self.made_at));
        let made = fill(&words.own.made, &[("day", &day)]);
        format!("{} {}, {made}", words.own.document, self.request)
    }

    fn day(&self, words: Words, day: Day) -> String {
        words.form.write(self.zone.start(day), &self.zone).date
    }

    fn in_words(&self, words: Words, line: &PrintedLine) -> SheetLine {
        let Words { own, form } = words;
        let named = |categories: Categories| {
            let told = categories.iter();
            told.filter_map(|one| form.categories.get(&one).map(String::as_str))
                .collect()
        };
        let (first, last) = (self.day(words, line.days.0), self.day(words, line.days.1));
        let count = line.count.to_string();
        let when = if line.count == 1 {
            &own.once
        } else {
            &own.times
        };
        let later = line.categories.iter().filter(|one| !line.first.has(*one));
        let name = line.recipient.name.as_ref().unwrap_or(&own.gone);
        SheetLine {
            recipient: name.clone(),
            kind: line
                .recipient
                .outside
                .and_then(|kind| own.outside.get(&kind).map(String::as_str)),
            when: fill(
                when,
                &[("count", &count), ("first", &first), ("last", &last)],
            ),
            first: named(line.first),
            later: named(later.collect()),
            why: words.reason(&line.reason),
        }
    }

    /// Returns what whoever prints it must know, in one language.
    fn to_staff(&self, words: Words) -> Vec<String> {
        let own = words.own;
        let mut said = vec![own.staff.clone()];
        match &self.ways {
            PaperWays::NoPlan => said.push(own.staff_no_plan.clone()),
            PaperWays::Never => said.push(own.staff_never.clone()),
            PaperWays::Each(ways) => said.extend(ways.iter().map(|(way, answer)| {
                let (sentence, moment) = match answer {
                    Ok(None) => (&own.staff_open, None),
                    Ok(Some(until)) => (&own.staff_open_until, Some(*until)),
                    Err(ContactBarredError {
                        opens: Some(opens), ..
                    }) => (&own.staff_later, Some(*opens)),
                    Err(_) => (&own.staff_no, None),
                };
                let moment = moment.map(|at| words.form.write(at, &self.zone));
                let (day, time) = moment.map(|at| (at.date, at.time)).unwrap_or_default();
                let way = own.ways.get(way).map_or("", String::as_str);
                fill(sentence, &[("way", way), ("day", &day), ("time", &time)])
            })),
        }
        said
    }
}

impl Words {
    fn of(language: FormLanguage) -> Result<Self, AccountingPageError> {
        Ok(Self {
            own: texts::of(language)?,
            form: language.texts()?,
        })
    }

    fn reason(self, reason: &PrintedReason) -> Vec<String> {
        let Self { own, form } = self;
        let (why, ground, by) = match reason {
            PrintedReason::Consent(purpose) => {
                let why = purpose.and_then(|purpose| form.purposes.get(&purpose));
                (why.map(|why| format!("{why}.")), &own.consented, None)
            }
            PrintedReason::Mandate(instrument, authority) => {
                let by = authority
                    .as_ref()
                    .map(|name| fill(&own.ordered_by, &[("authority", name)]));
                let why = own.instruments.get(instrument).cloned();
                (why, &own.mandated, by)
            }
        };
        why.into_iter().chain([ground.clone()]).chain(by).collect()
    }
}
