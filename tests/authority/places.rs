//! Places in task forces that no operation makes.

use concord_entities::ids::TaskForceId;
use concord_entities::instant::Instant;
use concord_entities::vocabulary::MemberRole;
use concord_entities::zone::Zone;
use concord_entities::{membership, task_force};
use sea_orm::{EntityTrait, IntoActiveModel};

use super::objects::Stage;

impl Stage {
    /// A task force that the sender coordinates, and the recipient belongs to.
    pub(super) async fn further_task_force(&self) -> String {
        let circle = task_force::Model {
            id: TaskForceId::new(),
            name: self.name(),
            region: "Far Hills".to_owned(),
            time_zone: Zone::UTC,
            created_at: Instant(0),
        };
        let place = |agency_id, role| membership::Model {
            task_force_id: circle.id,
            agency_id,
            role,
            since: Instant(0),
            suspended_at: None,
            suspension_reason: None,
            standing_set_by: None,
            left_at: None,
            coordination_from: None,
            name_key: None,
            lookalike: 0,
        };
        let places = [
            place(self.sender.id, MemberRole::Coordinator),
            place(self.recipient.id, MemberRole::Member),
        ];
        let id = circle.id.to_string();
        let made = task_force::Entity::insert(circle.into_active_model());
        made.exec(&self.store.write).await.unwrap();
        let places = places.map(IntoActiveModel::into_active_model);
        let made = membership::Entity::insert_many(places);
        made.exec_without_returning(&self.store.write)
            .await
            .unwrap();
        id
    }
}
