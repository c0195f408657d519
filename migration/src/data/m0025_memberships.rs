//! Suspension of a membership: an agency is shut out task force by task force, each by its own coordinator.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{big_integer_null, string_null, uuid_null};

#[derive(DeriveMigrationName)]
pub(crate) struct SuspendMemberships;

#[async_trait::async_trait]
impl MigrationTrait for SuspendMemberships {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [
            big_integer_null("suspended_at"),
            string_null("suspension_reason"),
            uuid_null("standing_set_by"),
        ] {
            let added = Table::alter()
                .table("membership")
                .add_column(column)
                .to_owned();
            manager.alter_table(added).await?;
        }
        // Whoever was suspended was so everywhere, since the epoch that its suspension began.
        let everywhere = "UPDATE membership SET \
             suspended_at = (SELECT epoch_began_at FROM agency WHERE agency.id = membership.agency_id), \
             suspension_reason = (SELECT suspension_reason FROM agency WHERE agency.id = membership.agency_id), \
             standing_set_by = (SELECT standing_set_by FROM agency WHERE agency.id = membership.agency_id) \
             WHERE agency_id IN (SELECT id FROM agency WHERE status = 'SUSPENDED')";
        // Suspensions are few: a page of referrals asks first whether there is any.
        let index = "CREATE INDEX membership_suspended ON membership (task_force_id, agency_id) \
             WHERE suspended_at IS NOT NULL";
        let database = manager.get_connection();
        database.execute_unprepared(everywhere).await?;
        database.execute_unprepared(index).await?;
        for moved in ["suspension_reason", "standing_set_by"] {
            let moved = Table::alter().table("agency").drop_column(moved).to_owned();
            manager.alter_table(moved).await?;
        }
        Ok(())
    }
}
