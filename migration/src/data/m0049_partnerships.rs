//! Partnerships: every two agencies that share a task force, how far they have come, what each answered; and trainings.
//!
//! Each pair has a row before anything is recorded of it, so that a coordinator finds who has not met from an index.

use std::collections::HashMap;

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer, integer, integer_null, string, string_null, uuid};
use sea_orm_migration::sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

#[derive(DeriveMigrationName)]
pub(crate) struct CreatePartnerships;

#[async_trait::async_trait]
impl MigrationTrait for CreatePartnerships {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in [partnerships(), places(), answers(), trainings()] {
            manager.create_table(table).await?;
        }
        let database = manager.get_connection();
        for index in [
            "CREATE UNIQUE INDEX partnership_agencies ON partnership (one_id, other_id)",
            "CREATE INDEX partnership_of_other ON partnership (other_id)",
            "CREATE INDEX partnership_by_steps ON partnership_place (task_force_id, steps, partnership_id)",
            "CREATE INDEX partnership_place_of ON partnership_place (partnership_id)",
        ] {
            database.execute_unprepared(index).await?;
        }
        pair_members(database).await
    }
}

/// A foreign key to an `id`.
fn to(table: &'static str, column: &'static str, other: &'static str) -> ForeignKeyCreateStatement {
    ForeignKey::create()
        .from(table, column)
        .to(other, "id")
        .to_owned()
}

fn partnerships() -> TableCreateStatement {
    Table::create()
        .table("partnership")
        .col(uuid("id").primary_key())
        .col(uuid("one_id"))
        .col(uuid("other_id"))
        .col(integer_null("identified_on"))
        .col(integer_null("planned_on"))
        .col(integer_null("met_on"))
        .col(integer("steps"))
        .col(big_integer("created_at"))
        .foreign_key(&mut to("partnership", "one_id", "agency"))
        .foreign_key(&mut to("partnership", "other_id", "agency"))
        .to_owned()
}

fn places() -> TableCreateStatement {
    Table::create()
        .table("partnership_place")
        .col(uuid("task_force_id"))
        .col(uuid("partnership_id"))
        .col(integer("steps"))
        .primary_key(Index::create().col("task_force_id").col("partnership_id"))
        .foreign_key(&mut to("partnership_place", "task_force_id", "task_force"))
        .foreign_key(&mut to(
            "partnership_place",
            "partnership_id",
            "partnership",
        ))
        .to_owned()
}

fn answers() -> TableCreateStatement {
    Table::create()
        .table("partnership_answers")
        .col(uuid("partnership_id"))
        .col(uuid("agency_id"))
        .col(integer("answered_on"))
        .col(string_null("contacts"))
        .col(string_null("procedures"))
        .col(string_null("trust"))
        .col(string_null("avenues"))
        .col(big_integer("recorded_at"))
        .primary_key(Index::create().col("partnership_id").col("agency_id"))
        .foreign_key(&mut to(
            "partnership_answers",
            "partnership_id",
            "partnership",
        ))
        .foreign_key(&mut to("partnership_answers", "agency_id", "agency"))
        .to_owned()
}

fn trainings() -> TableCreateStatement {
    Table::create()
        .table("staff_training")
        .col(uuid("agency_id"))
        .col(integer("held_on"))
        .col(string("topic"))
        .col(integer("attended"))
        .col(big_integer("recorded_at"))
        .primary_key(Index::create().col("agency_id").col("held_on").col("topic"))
        .foreign_key(&mut to("staff_training", "agency_id", "agency"))
        .to_owned()
}

const MEMBERS: &str = "SELECT a.task_force_id AS task_force, a.agency_id AS one, b.agency_id AS other, \
     CASE WHEN a.since < b.since THEN b.since ELSE a.since END AS since \
     FROM membership a JOIN membership b ON b.task_force_id = a.task_force_id AND a.agency_id < b.agency_id \
     ORDER BY 4, 2, 3";

/// Pairs the agencies of each task force.
async fn pair_members(database: &impl ConnectionTrait) -> Result<(), DbErr> {
    let backend = database.get_database_backend();
    let mut pairs: HashMap<(Uuid, Uuid), Uuid> = HashMap::new();
    let members = Statement::from_string(backend, MEMBERS);
    for row in database.query_all_raw(members).await? {
        let one: Uuid = row.try_get("", "one")?;
        let other: Uuid = row.try_get("", "other")?;
        let since: i64 = row.try_get("", "since")?;
        let pair = if let Some(pair) = pairs.get(&(one, other)) {
            *pair
        } else {
            let pair = Uuid::now_v7();
            let write = "INSERT INTO partnership (id, one_id, other_id, steps, created_at) VALUES ($1, $2, $3, 0, $4)";
            let values = [pair.into(), one.into(), other.into(), since.into()];
            let write = Statement::from_sql_and_values(backend, write, values);
            database.execute_raw(write).await?;
            pairs.insert((one, other), pair);
            pair
        };
        let task_force: Uuid = row.try_get("", "task_force")?;
        let write = "INSERT INTO partnership_place (task_force_id, partnership_id, steps) VALUES ($1, $2, 0)";
        let write =
            Statement::from_sql_and_values(backend, write, [task_force.into(), pair.into()]);
        database.execute_raw(write).await?;
    }
    Ok(())
}
