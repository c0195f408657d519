//! Writes down, for each agency, what changed for it: in the transaction that gives the events their places, so that the
//! order is the ledger's, and nothing that commits late comes before what was read already.

use concord_entities::instant::Instant;
use concord_entities::vocabulary::{ChangedKind, Code};
use sea_orm::{ConnectionTrait, DatabaseTransaction, DbBackend, DbErr, Statement};
use serde::Serialize;
use tracing::error;
use uuid::Uuid;

use super::changed::{self, ChangedRecord};
use super::stored;

/// An event that changed something, and its place.
pub(super) struct Placed<'e> {
    /// The place.
    pub(super) place: u64,
    /// When the event was recorded.
    pub(super) at: Instant,
    /// What it changed, as it waited.
    pub(super) changed: &'e str,
}

/// A changed record as the statement takes it.
#[derive(Serialize)]
struct ChangedRow {
    place: i64,
    changed_at: i64,
    what: &'static str,
    /// The UUID, 32 hexadecimal digits.
    id: String,
    /// The id on the wire, by which notices name it.
    object: String,
}

/// A consent, in what its discloser alone is told.
const OF_DISCLOSER: &str = "CONSENT_OF_DISCLOSER";
/// An agency, of which notices alone tell.
const AGENCY: &str = "AGENCY";
/// An MOU, and the open referrals that stand on it.
const WITH_REFERRALS: &str = "MOU_AND_REFERRALS";

/// The changed records as a table, on PostgreSQL.
const GIVEN_ON_POSTGRES: &str = "SELECT * FROM json_to_recordset($1::text::json) \
     AS given (place bigint, changed_at bigint, what text, id uuid, object text)";
/// The same on SQLite.
const GIVEN_ON_SQLITE: &str = "SELECT value ->> 'place' AS place, value ->> 'changed_at' AS changed_at, \
     value ->> 'what' AS what, unhex(value ->> 'id') AS id, value ->> 'object' AS object FROM json_each($1)";

/// Whom each is told to: the parties that may know of it, by the rows as they are now. What was changed again meanwhile is
/// told again. A notice is told with what it tells of.
const TOLD: &str = "touched AS (\
     SELECT c.place, c.changed_at, r.id, r.sender_id, r.recipient_id, r.sent_at \
     FROM changed c JOIN referral r ON r.id = c.id WHERE c.what = 'REFERRAL' \
     UNION SELECT c.place, c.changed_at, r.id, r.sender_id, r.recipient_id, r.sent_at \
     FROM changed c JOIN referral r ON r.consent_id = c.id WHERE c.what = 'CONSENT' \
     UNION SELECT c.place, c.changed_at, r.id, r.sender_id, r.recipient_id, r.sent_at \
     FROM changed c JOIN referral r ON r.mou_id = c.id WHERE c.what = 'MOU_AND_REFERRALS' \
     AND r.status IN ('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')) \
     SELECT sender_id, place, id, 'REFERRAL', changed_at FROM touched \
     UNION SELECT recipient_id, place, id, 'REFERRAL', changed_at FROM touched WHERE sent_at IS NOT NULL \
     UNION SELECT k.discloser_id, c.place, k.id, 'CONSENT', c.changed_at \
     FROM changed c JOIN consent k ON k.id = c.id WHERE c.what IN ('CONSENT', 'CONSENT_OF_DISCLOSER') \
     UNION SELECT k.recipient_id, c.place, k.id, 'CONSENT', c.changed_at \
     FROM changed c JOIN consent k ON k.id = c.id WHERE c.what = 'CONSENT' AND k.signed_at IS NOT NULL \
     UNION SELECT m.drafted_by, c.place, m.id, 'MOU', c.changed_at \
     FROM changed c JOIN mou m ON m.id = c.id WHERE c.what IN ('MOU', 'MOU_AND_REFERRALS') \
     UNION SELECT p.agency_id, c.place, m.id, 'MOU', c.changed_at \
     FROM changed c JOIN mou m ON m.id = c.id JOIN mou_party p ON p.mou_id = m.id \
     WHERE c.what IN ('MOU', 'MOU_AND_REFERRALS') AND m.offered_at IS NOT NULL \
     UNION SELECT n.agency_id, c.place, n.id, 'NOTICE', c.changed_at \
     FROM changed c JOIN notice n ON n.id = c.id WHERE c.what = 'NOTICE' \
     UNION SELECT n.agency_id, c.place, n.id, 'NOTICE', c.changed_at \
     FROM changed c JOIN notice n ON n.object = c.object AND n.created_at = c.changed_at \
     WHERE c.what <> 'CONSENT_OF_DISCLOSER'";

/// Writes down what these events changed, by one statement; by none where they changed nothing.
pub(super) async fn write(
    transaction: &DatabaseTransaction,
    events: &[Placed<'_>],
) -> Result<(), DbErr> {
    let mut rows = Vec::new();
    for event in events {
        rows.extend(changed_rows(event)?);
    }
    if rows.is_empty() {
        return Ok(());
    }
    let rows = serde_json::to_string(&rows).map_err(|fault| DbErr::Json(fault.to_string()))?;
    let backend = transaction.get_database_backend();
    let given = if backend == DbBackend::Postgres {
        GIVEN_ON_POSTGRES
    } else {
        GIVEN_ON_SQLITE
    };
    let insert = format!(
        "INSERT INTO agency_change (agency_id, place, object_id, kind, changed_at) \
         WITH changed AS ({given}), {TOLD} ON CONFLICT DO NOTHING"
    );
    transaction
        .execute_raw(Statement::from_sql_and_values(
            backend,
            insert,
            [rows.into()],
        ))
        .await?;
    Ok(())
}

fn changed_rows(event: &Placed<'_>) -> Result<Vec<ChangedRow>, DbErr> {
    let place = stored::in_column(event.place)?;
    let changed = changed::read(event.changed).unwrap_or_else(|fault| {
        // The log itself is whole, and goes on.
        error!(%fault, place, "what an event changed cannot be read, and is told to nobody");
        Vec::new()
    });
    let row = |changed: &ChangedRecord| {
        let (what, id, object) = parts(*changed);
        ChangedRow {
            place,
            changed_at: event.at.0,
            what,
            id: id.simple().to_string(),
            object,
        }
    };
    Ok(changed.iter().map(row).collect())
}

fn parts(changed: ChangedRecord) -> (&'static str, Uuid, String) {
    match changed {
        ChangedRecord::Referral(id) => (ChangedKind::Referral.code(), id.0, id.to_string()),
        ChangedRecord::Consent(id) => (ChangedKind::Consent.code(), id.0, id.to_string()),
        ChangedRecord::ConsentOfDiscloser(id) => (OF_DISCLOSER, id.0, id.to_string()),
        ChangedRecord::Mou(id) => (ChangedKind::Mou.code(), id.0, id.to_string()),
        ChangedRecord::MouAndReferrals(id) => (WITH_REFERRALS, id.0, id.to_string()),
        ChangedRecord::Agency(id) => (AGENCY, id.0, id.to_string()),
        ChangedRecord::Notice(id) => (ChangedKind::Notice.code(), id.0, id.to_string()),
    }
}
