//! Boxes in the order in which their readers work: what arrived last, what changed last, what is most urgent; and each filter
//! that is answered walks an index of its own. A referral says until when it can be answered.
//!
//! Time alone changes where a referral stands, and no index knows the time. So a row says as of when its status was last
//! computed (`settled_at`), which status that was, and at what moment it will be another one: a row whose moment has not come
//! stands where the index has it, and the few others are looked at one by one until they are settled anew.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, big_integer_null};
use sea_orm_migration::sea_orm::{ConnectionTrait, DbBackend};

#[derive(DeriveMigrationName)]
pub(crate) struct OrderBoxes;

/// What a header shows beside the columns of its index's key.
const HEADER: &str = "status, status_reason, needs, urgency, created_at, sent_at, respond_by, updated_at, consent_until, mou_until, \
    halted, expires_at";

const OPEN: &str = "('REQUESTED', 'ACCEPTED', 'IN_PROGRESS', 'ON_HOLD')";

/// Thirty days, in microseconds: how long every referral that is there could be answered.
const THIRTY_DAYS: i64 = 30 * 24 * 3_600 * 1_000_000;

/// How many needs there are, a bit each.
const NEEDS: u32 = 12;

#[async_trait::async_trait]
impl MigrationTrait for OrderBoxes {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer_null("expires_at"),
            big_integer("settled_at").default(0).to_owned(),
        ] {
            let add = Table::alter()
                .table("referral")
                .add_column(column)
                .to_owned();
            manager.alter_table(add).await?;
        }
        let database = manager.get_connection();
        let answerable = format!(
            "UPDATE referral SET expires_at = sent_at + {THIRTY_DAYS} WHERE sent_at IS NOT NULL"
        );
        database.execute_unprepared(&answerable).await?;
        let backend = manager.get_database_backend();
        for statement in computed(backend).into_iter().chain(indexes(backend)) {
            database.execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}

/// Returns the statements that add what is computed of a row: its status as of `settled_at`, and when it will be another one,
/// null where it never will be by itself.
fn computed(backend: DbBackend) -> [String; 2] {
    // SQLite cannot add a column that it would have to compute for every row, nor need it: an index holds the value.
    let (kept, least) = if backend == DbBackend::Postgres {
        ("STORED", "least")
    } else {
        ("VIRTUAL", "min")
    };
    let never = i64::MAX;
    let lapsed = "halted OR consent_until <= settled_at OR mou_until <= settled_at";
    let is_expired = "status = 'REQUESTED' AND expires_at <= settled_at";
    let expiry = "CASE WHEN status = 'REQUESTED' AND expires_at > settled_at THEN expires_at END";
    let next = ["consent_until", "mou_until", expiry]
        .map(|moment| format!("coalesce({moment}, {never})"))
        .join(", ");
    [
        format!(
            "ALTER TABLE referral ADD COLUMN settled_status varchar GENERATED ALWAYS AS (CASE WHEN status NOT IN {OPEN} THEN status \
             WHEN {lapsed} THEN 'SUSPENDED' WHEN {is_expired} THEN 'EXPIRED' ELSE status END) {kept}"
        ),
        format!(
            "ALTER TABLE referral ADD COLUMN settles_at bigint GENERATED ALWAYS AS (CASE WHEN status NOT IN {OPEN} THEN NULL \
             WHEN {lapsed} THEN NULL ELSE nullif({least}({next}), {never}) END) {kept}"
        ),
    ]
}

fn indexes(backend: DbBackend) -> Vec<String> {
    let mut statements: Vec<String> = [
        "DROP INDEX referral_inbox",
        "DROP INDEX referral_outbox",
        "DROP INDEX referral_of_mou",
        "CREATE INDEX referral_of_mou ON referral (mou_id) WHERE mou_id IS NOT NULL",
        "CREATE INDEX referral_unsettled ON referral (settles_at) WHERE settles_at IS NOT NULL",
    ]
    .map(str::to_owned)
    .into();
    let boxes = [
        (
            "inbox",
            "recipient_id",
            "sender_id",
            "sent_at DESC",
            Some("sent_at IS NOT NULL"),
        ),
        (
            "outbox",
            "sender_id",
            "recipient_id",
            "updated_at DESC",
            None,
        ),
    ];
    for (name, side, other, order, rows) in boxes {
        let only = |more: Option<String>| {
            let conditions: Vec<String> = rows.map(str::to_owned).into_iter().chain(more).collect();
            if conditions.is_empty() {
                String::new()
            } else {
                format!(" WHERE {}", conditions.join(" AND "))
            }
        };
        // A page without a filter is read from its index alone. SQLite has no INCLUDE: the columns ride behind the key.
        let key = format!("CREATE INDEX referral_{name} ON referral ({side}, {order}, id DESC");
        statements.push(if backend == DbBackend::Postgres {
            format!("{key}) INCLUDE ({other}, {HEADER}){}", only(None))
        } else {
            format!("{key}, {other}, {HEADER}){}", only(None))
        });
        for (by, first) in [
            ("status", String::new()),
            ("counterpart", format!("{other}, ")),
            ("urgency", "urgency, ".to_owned()),
            ("mou", "mou_id, ".to_owned()),
        ] {
            statements.push(format!(
                "CREATE INDEX referral_{name}_{by} ON referral ({side}, {first}settled_status, {order}, id DESC){}",
                only(None)
            ));
        }
        for bit in 0..NEEDS {
            let need = format!("needs & {} <> 0", 1 << bit);
            statements.push(format!(
                "CREATE INDEX referral_{name}_need_{bit} ON referral ({side}, settled_status, {order}, id DESC){}",
                only(Some(need))
            ));
        }
        statements.push(format!(
            "CREATE INDEX referral_{name}_due ON referral ({side}, settled_status, respond_by, id) WHERE respond_by IS NOT NULL"
        ));
    }
    // Each box in the other's order.
    statements.push(
        "CREATE INDEX referral_inbox_changed ON referral (recipient_id, updated_at DESC, id DESC) WHERE sent_at IS NOT NULL"
            .to_owned(),
    );
    statements.push(
        "CREATE INDEX referral_outbox_sent ON referral (sender_id, sent_at DESC, id DESC) WHERE sent_at IS NOT NULL"
            .to_owned(),
    );
    statements
}
