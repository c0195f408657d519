//! `concord audit export`: the log for other programs, in a file.

use std::fs::File;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use async_graphql::ID;
use clap::Args;
use concord::error::Refusal;
use concord::review::export::operator::OperatorExport;
use concord::review::export::{ExportFormat, event_id};
use concord::review::filter::AuditFilter;
use concord::service::Service;
use concord::wire::scalars::DateTime;
use concord_entities::ids::AuditEventId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{AuditOutcome, AuditType, Code, DataCategory, Purpose};
use indicatif::{ProgressBar, ProgressStyle};
use miette::{IntoDiagnostic, Result, miette};

use super::options::Options;
use super::refused::told;

/// Which events are exported, and where to.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// `fhir`: lines of JSON, each a FHIR R4 `AuditEvent`. `csv`: a table for a spreadsheet.
    #[arg(long, value_parser = format)]
    format: ExportFormat,
    /// The file, which must not be there yet; its owner alone may read it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The event after which to go on: the last one that you have.
    #[arg(long, value_name = "ID", value_parser = event)]
    after: Option<AuditEventId>,
    #[command(flatten)]
    filter: FilterFlags,
    #[command(flatten)]
    pub(super) options: Options,
}

/// The filter of `auditEvents`, of the whole log and any period: all that is named must hold.
#[derive(Debug, Args)]
struct FilterFlags {
    /// Only events of this type, such as `PACKAGE_READ`; several times for several.
    #[arg(long = "type", value_name = "TYPE", value_parser = code::<AuditType>)]
    types: Vec<AuditType>,
    /// Only events that ended so: SUCCESS or REFUSED.
    #[arg(long, value_parser = code::<AuditOutcome>)]
    outcome: Option<AuditOutcome>,
    /// Only events in which this agency acted, was told or disclosed.
    #[arg(long, value_name = "ID")]
    agency: Option<String>,
    /// Only events in which this person or program acted, as the agency calls it.
    #[arg(long, value_name = "SUB", requires = "agency")]
    subject: Option<String>,
    /// Only events in which this application acted.
    #[arg(long, value_name = "ID")]
    application: Option<String>,
    /// Only events about this record.
    #[arg(long, value_name = "ID")]
    object: Option<String>,
    /// Only events that name this record in any way.
    #[arg(long, value_name = "ID")]
    named: Option<String>,
    /// Only events about this consent, and what was told under it.
    #[arg(long, value_name = "ID")]
    consent: Option<String>,
    /// Only events about this MOU, and what was told under it.
    #[arg(long, value_name = "ID")]
    mou: Option<String>,
    /// Only events about the survivor with this id in the audit log.
    #[arg(long, value_name = "ID")]
    survivor: Option<String>,
    /// Only what was disclosed for this purpose.
    #[arg(long, value_parser = code::<Purpose>)]
    purpose: Option<Purpose>,
    /// Only what disclosed this category.
    #[arg(long, value_parser = code::<DataCategory>)]
    category: Option<DataCategory>,
    /// Only events from this moment on, such as 2026-03-01T09:30:00Z.
    #[arg(long, value_name = "TIME")]
    since: Option<Instant>,
    /// Only events before this moment.
    #[arg(long, value_name = "TIME")]
    until: Option<Instant>,
}

fn format(word: &str) -> Result<ExportFormat, String> {
    let named = ExportFormat::ALL.iter().find(|one| one.word() == word);
    named.copied().ok_or_else(|| "`fhir` or `csv`".to_owned())
}

fn event(text: &str) -> Result<AuditEventId, String> {
    event_id(text).ok_or_else(|| "an event's id".to_owned())
}

fn code<C: Code>(text: &str) -> Result<C, String> {
    C::from_code(text).ok_or_else(|| "not a code of the schema".to_owned())
}

impl FilterFlags {
    fn filter(&self) -> AuditFilter {
        let id = |text: &Option<String>| text.clone().map(ID);
        AuditFilter {
            types: (!self.types.is_empty()).then(|| self.types.clone()),
            outcome: self.outcome,
            agency: id(&self.agency),
            subject: self.subject.clone(),
            application: id(&self.application),
            object: id(&self.object),
            named: id(&self.named),
            consent: id(&self.consent),
            mou: id(&self.mou),
            survivor: id(&self.survivor),
            purpose: self.purpose,
            category: self.category,
            since: self.since.map(DateTime),
            until: self.until.map(DateTime),
        }
    }
}

impl Export {
    pub(crate) async fn run(self, service: &Service) -> Result<()> {
        let file = File::options()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&self.out);
        let mut out = FileToFill {
            file: file.map_err(|fault| miette!("{}: {fault}", self.out.display()))?,
            name: &self.out,
            length: 0,
            count: 0,
            last: None,
        };
        let filter = self.filter.filter();
        let export = OperatorExport::begin(&service.store, self.format, &filter, self.after).await;
        let export = export.map_err(|refusal| {
            // Nothing left, and the name is free again.
            let _ = std::fs::remove_file(&self.out);
            told(&refusal)
        })?;
        let written = self.write(service, export, &mut out).await;
        // Also where it was broken off: what is in the file is whole, and can be gone on from.
        println!("{} events in {}", out.count, self.out.display());
        if let Some(last) = out.last {
            println!("go on another time with --after {last}");
        }
        written
    }

    async fn write(
        &self,
        service: &Service,
        mut export: OperatorExport<'_>,
        out: &mut FileToFill<'_>,
    ) -> Result<()> {
        let failed = |refusal: Refusal| told(&refusal);
        out.write(&self.format.head().map_err(failed)?)?;
        let style = "{bar:40} {percent}% {msg} events, {eta} left";
        let style = ProgressStyle::with_template(style).into_diagnostic()?;
        let bar = ProgressBar::new(0).with_style(style);
        let origin = service.ledger_key.public().origin();
        while let Some(span) = export.next().await.map_err(failed)? {
            let lines = self.format.write(&span.events, origin);
            out.write(&lines.map_err(failed)?)?;
            out.count += span.events.len();
            out.last = Some(span.last);
            let (done, of) = span.way;
            bar.set_length(of);
            bar.set_position(done);
            bar.set_message(out.count.to_string());
        }
        bar.finish_and_clear();
        let synced = out.file.sync_all();
        synced.map_err(|fault| miette!("{}: {fault}", self.out.display()))
    }
}

/// A file on its way.
struct FileToFill<'f> {
    file: File,
    name: &'f Path,
    length: u64,
    count: usize,
    last: Option<AuditEventId>,
}

impl FileToFill<'_> {
    /// Writes these lines, all of them or none.
    fn write(&mut self, lines: &[u8]) -> Result<()> {
        if let Err(fault) = self.file.write_all(lines) {
            let _ = self.file.set_len(self.length);
            return Err(miette!("{}: {fault}", self.name.display()));
        }
        self.length += u64::try_from(lines.len()).into_diagnostic()?;
        Ok(())
    }
}
