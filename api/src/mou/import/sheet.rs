//! Reading the file: CSV with a header, each row an MOU, all that is wrong with it at once. It asks nobody.

use std::collections::{HashMap, HashSet};
use std::str::FromStr;

use concord_entities::grants::Grants;
use concord_entities::instant::Day;
use concord_entities::mou::Terms;
use concord_entities::vocabulary::{Code, MouKind, MouStatus};
use csv::{ReaderBuilder, StringRecord};

use super::fault::{RowFault, of_row};
use crate::error::{Error, Faults, InputFault};
use crate::mou::cells::{self, PromiseCell, parted, read_flag, read_grants, read_promises};
use crate::mou::rules::DraftedTerm;
use crate::spreadsheet::said;
use crate::text;

/// A column: its name in the header, whatever its case, spaces and signs, and whether every row says something there.
type SheetColumn = (&'static str, bool);

/// The columns that are read; others are left aside.
pub const COLUMNS: [SheetColumn; 20] = [
    ("reference", true),
    ("title", true),
    ("kind", true),
    ("parties", true),
    ("effectiveOn", true),
    ("reviewOn", false),
    ("expiresOn", true),
    ("purpose", true),
    ("responsibilities", true),
    ("services", true),
    ("confidentiality", true),
    ("training", true),
    ("conflictResolution", true),
    ("breachNoticeHours", false),
    ("terminationNoticeDays", true),
    ("grants", false),
    ("qsoa", false),
    ("promises", false),
    ("openEnded", false),
    ("status", false),
];

/// The column that stands for `reference` in a file that has none: a register that this service wrote.
const ID: &str = "id";

/// The columns that a paper's clauses stand in, which may be said once for all rows.
const CLAUSES: [&str; 6] = [
    "purpose",
    "responsibilities",
    "services",
    "confidentiality",
    "training",
    "conflictResolution",
];

/// Rows that are taken in at once, at most.
const MOST_ROWS: usize = 10_000;

/// Within how many hours a breach is told where the row says nothing.
const USUAL_BREACH_NOTICE: u32 = 24;

/// An MOU as a row says it.
#[derive(Clone, Debug)]
pub struct SheetRow {
    /// The row's number, as spreadsheets count: the header is the first.
    pub number: usize,
    /// What the spreadsheet calls the MOU.
    pub reference: String,
    /// Its title.
    pub title: String,
    /// What it is for.
    pub kind: MouKind,
    /// Its parties, by their names or ids.
    pub parties: Vec<String>,
    /// What each of them takes on, in the order of the parties.
    pub responsibilities: Vec<String>,
    /// What they promise.
    pub promises: Vec<PromiseCell>,
    /// Its first day.
    pub effective_on: Day,
    /// The day on which its review is due.
    pub review_on: Option<Day>,
    /// Its last day; none where it is open-ended.
    pub expires_on: Option<Day>,
    /// What it permits.
    pub grants: Grants,
    /// What its parties agreed on.
    pub terms: Terms,
}

impl SheetRow {
    /// Returns its days.
    #[must_use]
    pub fn term(&self) -> DraftedTerm {
        DraftedTerm {
            effective_on: self.effective_on,
            review_on: self.review_on,
            expires_on: self.expires_on,
        }
    }
}

/// A file's rows.
#[derive(Clone, Debug)]
pub struct SheetRows {
    /// Each MOU that may be put before its parties.
    pub rows: Vec<SheetRow>,
    /// How many are left aside, since by their `status` they are no agreement yet, or none any more.
    pub aside: usize,
}

/// Reads a file. Where a row says nothing of a clause, it says `clauses`, where that is given.
///
/// # Errors
/// All that is wrong with it.
pub fn read(file: &[u8], clauses: Option<&str>) -> Result<SheetRows, Vec<RowFault>> {
    let file = file.strip_prefix(b"\xef\xbb\xbf").unwrap_or(file);
    let of_file = |row: usize, text: &str| {
        let fault = InputFault::of_all(text.to_owned());
        vec![RowFault::of(row, &Error::BadUserInput(fault.into()))]
    };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(file))
        .flexible(true)
        .from_reader(file);
    let not_text = "not text in UTF-8: save the sheet as `CSV UTF-8`";
    let header = reader.headers().map_err(|_| of_file(1, not_text))?;
    let places = places(header).map_err(|texts| {
        let faults = texts.iter().flat_map(|text| of_file(1, text));
        faults.collect::<Vec<_>>()
    })?;
    let mut rows = Vec::new();
    let mut aside = 0_usize;
    let mut faults = Vec::new();
    let mut references = HashSet::new();
    for (index, record) in reader.records().enumerate() {
        let number = index.saturating_add(2);
        if index >= MOST_ROWS {
            let text =
                format!("a file has at most {MOST_ROWS} rows: take in the others by another one");
            faults.extend(of_file(number, &text));
            break;
        }
        let Ok(record) = record else {
            faults.extend(of_file(number, not_text));
            continue;
        };
        if record.iter().all(|cell| cell.trim().is_empty()) {
            continue;
        }
        let cells = RowCells {
            record: &record,
            places: &places,
            clauses,
        };
        if cells.is_aside() {
            aside = aside.saturating_add(1);
            continue;
        }
        let mut wrong = Faults::default();
        let row = cells.read(number, &mut wrong);
        let is_first = row
            .as_ref()
            .is_none_or(|row| references.insert(row.reference.clone()));
        wrong.require(is_first, "reference", "another row has the same");
        faults.extend(of_row(number, &wrong));
        rows.extend(row);
    }
    if faults.is_empty() {
        Ok(SheetRows { rows, aside })
    } else {
        Err(faults)
    }
}

/// Returns what parts the cells of a file: a comma, or the semicolon of spreadsheets in languages that write decimals with a
/// comma.
fn delimiter(file: &[u8]) -> u8 {
    let header = file.split(|byte| *byte == b'\n').next().unwrap_or(file);
    let parts = |wanted: u8| header.split(|byte| *byte == wanted).count();
    if parts(b';') > parts(b',') {
        b';'
    } else {
        b','
    }
}

/// Returns a column's name as it is compared.
fn plain(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.collect::<String>().to_lowercase()
}

/// Returns in which cell each column stands.
fn places(header: &StringRecord) -> Result<HashMap<&'static str, usize>, Vec<String>> {
    let mut places = HashMap::new();
    let mut faults = Vec::new();
    for (place, name) in header.iter().enumerate() {
        let known = COLUMNS
            .iter()
            .find(|(known, _)| plain(known) == plain(name));
        if let Some((known, _)) = known
            && places.insert(*known, place).is_some()
        {
            faults.push(format!("`{known}`: there are two columns of this name"));
        }
    }
    if !places.contains_key("reference")
        && let Some(place) = header.iter().position(|name| plain(name) == ID)
    {
        places.insert("reference", place);
    }
    for (name, required) in COLUMNS {
        let needed = required && !CLAUSES.contains(&name);
        if needed && !places.contains_key(name) {
            faults.push(format!("`{name}`: there is no column of this name"));
        }
    }
    if faults.is_empty() {
        Ok(places)
    } else {
        Err(faults)
    }
}

/// The cells of one row.
struct RowCells<'r> {
    record: &'r StringRecord,
    places: &'r HashMap<&'static str, usize>,
    clauses: Option<&'r str>,
}

impl RowCells<'_> {
    fn cell(&self, name: &'static str) -> &str {
        let place = self.places.get(name);
        let cell = place.and_then(|place| self.record.get(*place));
        said(cell.unwrap_or_default().trim()).trim()
    }

    /// Returns whether its status, by its very code, is that of an MOU which is not before its parties, or is over.
    fn is_aside(&self) -> bool {
        match MouStatus::from_code(self.cell("status")) {
            Some(
                MouStatus::Draft
                | MouStatus::Declined
                | MouStatus::Expired
                | MouStatus::Terminated
                | MouStatus::Superseded,
            ) => true,
            Some(
                MouStatus::Offered
                | MouStatus::PartiallySigned
                | MouStatus::Signed
                | MouStatus::Active
                | MouStatus::DueForReview
                | MouStatus::Suspended,
            )
            | None => false,
        }
    }

    /// Returns the row; none where something is wrong with it, which is added to `faults`.
    fn read(&self, number: usize, faults: &mut Faults) -> Option<SheetRow> {
        let line =
            |name, faults: &mut Faults| text::line_at(faults, name, self.cell(name), text::LINE);
        let (reference, title) = (line("reference", faults), line("title", faults));
        let parties: Vec<String> = cells::parts(self.cell("parties"))
            .map(str::to_owned)
            .collect();
        let some = "two agencies or more, by their names, with `|` or `;` between them";
        faults.require(parties.len() > 1, "parties", some);
        let responsibilities = self.responsibilities(&parties, faults);
        let mut clause = |name| text::prose_at(faults, name, self.clause(name), text::PROSE);
        let (purpose, services) = (clause("purpose"), clause("services"));
        let (confidentiality, training) = (clause("confidentiality"), clause("training"));
        let conflict_resolution = clause("conflictResolution");
        let hours = self.number(
            "breachNoticeHours",
            (1, 720),
            Some(USUAL_BREACH_NOTICE),
            faults,
        );
        let notice = self.number("terminationNoticeDays", (0, 365), None, faults);
        let kind = self.code(faults);
        let (first, review, last) = (
            self.day("effectiveOn", faults),
            self.day("reviewOn", faults),
            self.day("expiresOn", faults),
        );
        let open_ended = self.flag("openEnded", faults);
        let missing = "a day, such as `2026-03-01`";
        for (name, day) in [("effectiveOn", first), ("expiresOn", last)] {
            let may_lack = open_ended && name == "expiresOn";
            let is_said = day.is_some() || !self.cell(name).is_empty();
            faults.require(is_said || may_lack, name, missing);
        }
        let grants = self.grants(faults);
        let qsoa = self.flag("qsoa", faults);
        let promises = read_promises(self.cell("promises"), faults);
        if faults.found().is_some() {
            return None;
        }
        Some(SheetRow {
            number,
            reference,
            title,
            kind: kind?,
            parties,
            responsibilities,
            promises,
            effective_on: first?,
            review_on: review,
            expires_on: last.filter(|_| !open_ended),
            grants,
            terms: Terms {
                purpose,
                services,
                confidentiality,
                breach_notice_hours: hours,
                training,
                conflict_resolution,
                termination_notice_days: notice,
                qsoa,
            },
        })
    }

    fn number(
        &self,
        name: &'static str,
        (least, most): (u32, u32),
        usual: Option<u32>,
        faults: &mut Faults,
    ) -> u32 {
        let cell = self.cell(name);
        let number = match usual {
            Some(usual) if cell.is_empty() => Some(usual),
            _ => cell.parse().ok(),
        };
        let number = number.filter(|number| (least..=most).contains(number));
        faults.require(number.is_some(), name, format!("{least} to {most}"));
        number.unwrap_or_default()
    }

    fn day(&self, name: &'static str, faults: &mut Faults) -> Option<Day> {
        let cell = Some(self.cell(name)).filter(|cell| !cell.is_empty())?;
        match Day::from_str(cell) {
            Ok(day) => Some(day),
            Err(invalid) => {
                faults.add(name, invalid);
                None
            }
        }
    }

    fn code(&self, faults: &mut Faults) -> Option<MouKind> {
        let cell = self.cell("kind").to_uppercase().replace([' ', '-'], "_");
        let kind = MouKind::from_code(&cell);
        let all: Vec<&str> = MouKind::ALL.iter().map(|kind| kind.code()).collect();
        faults.require(kind.is_some(), "kind", format!("one of {}", all.join(", ")));
        kind
    }

    fn grants(&self, faults: &mut Faults) -> Grants {
        let read = read_grants(self.cell("grants"));
        let text = "a purpose's code, a colon and codes of categories, such as `HEALTH_CARE: MEDICAL NEEDS`; `;` between \
            purposes";
        faults.require(read.is_some(), "grants", text);
        read.unwrap_or(Grants::EMPTY)
    }

    fn flag(&self, name: &'static str, faults: &mut Faults) -> bool {
        let read = read_flag(self.cell(name));
        faults.require(read.is_some(), name, "`true`, `false` or nothing");
        read.unwrap_or_default()
    }

    /// Returns what a clause says.
    fn clause(&self, name: &'static str) -> &str {
        let said = Some(self.cell(name)).filter(|said| !said.is_empty());
        said.or(self.clauses).unwrap_or_default()
    }

    /// Returns what each of the parties takes on.
    fn responsibilities(&self, parties: &[String], faults: &mut Faults) -> Vec<String> {
        let name = "responsibilities";
        let cell = self.clause(name);
        if let Some(each) = parted(cell, parties) {
            let each = each.iter();
            return each
                .map(|own| text::prose_at(faults, name, own, text::PROSE))
                .collect();
        }
        let all = text::prose_at(faults, name, cell, text::PROSE);
        vec![all; parties.len()]
    }
}
