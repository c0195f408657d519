//! Task forces that a request tells of where it came upon them through other records, each read once.

use std::collections::HashMap;

use concord_entities::ids::TaskForceId;
use tokio::sync::Mutex;

use super::graphql::{TaskForce, named_task_force};
use crate::error::Result;
use crate::request::Request;

/// The task forces that were read and put on record for the records of one page.
#[derive(Debug, Default)]
pub(crate) struct ToldTaskForces(Mutex<HashMap<(TaskForceId, bool), Option<TaskForce>>>);

impl ToldTaskForces {
    /// Returns a task force that a record names, where the caller's agency belongs to it; `told` where more is asked of its
    /// members than their names.
    pub(crate) async fn once(
        &self,
        request: &Request,
        id: TaskForceId,
        told: bool,
    ) -> Result<Option<TaskForce>> {
        let mut known = self.0.lock().await;
        if let Some(task_force) = known.get(&(id, told)) {
            return Ok(task_force.clone());
        }
        let task_force = named_task_force(request, id, told).await?;
        known.insert((id, told), task_force.clone());
        Ok(task_force)
    }
}
