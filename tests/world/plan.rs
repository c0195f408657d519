//! What reading a statement takes in PostgreSQL, planned as the service has it planned: without knowing the values.

use sea_orm::sea_query::{PostgresQueryBuilder, Query, SelectStatement};
use serde_json::Value;

use super::World;

/// What a statement took.
#[derive(Debug)]
pub struct Taken {
    /// The pages of the database that were read.
    pub buffers: i64,
    /// The rows that were read and then left out, of the whole plan.
    pub removed: i64,
    /// The plan, as the database tells it.
    pub plan: Value,
}

impl Taken {
    /// Runs a statement and tells what it took.
    pub fn by(world: &World, statement: &SelectStatement) -> Self {
        let (sql, values) = statement.build(PostgresQueryBuilder);
        let values: Vec<_> = values
            .into_iter()
            .map(|value| Query::select().expr(value).to_string(PostgresQueryBuilder))
            .map(|select| select.trim_start_matches("SELECT ").to_owned())
            .collect();
        let run = if values.is_empty() {
            "p".to_owned()
        } else {
            format!("p({})", values.join(", "))
        };
        let told = world.tampers(&format!(
            "SET plan_cache_mode = force_generic_plan; PREPARE p AS {sql}; \
             EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE {run}"
        ));
        let from = told.find('[').unwrap();
        let to = told.rfind(']').unwrap();
        let told: Value = serde_json::from_str(&told[from..=to]).unwrap();
        let plan = told[0]["Plan"].clone();
        let buffers = ["Shared Hit Blocks", "Shared Read Blocks"];
        let buffers = buffers.map(|name| plan[name].as_i64().unwrap());
        Self {
            buffers: buffers.iter().sum(),
            removed: removed(&plan),
            plan,
        }
    }
}

fn removed(plan: &Value) -> i64 {
    let names = ["Rows Removed by Filter", "Rows Removed by Index Recheck"];
    let own: i64 = names.iter().filter_map(|name| plan[*name].as_i64()).sum();
    let loops = plan["Actual Loops"].as_i64().unwrap_or(1);
    let below = plan["Plans"].as_array();
    own * loops + below.map_or(0, |plans| plans.iter().map(removed).sum())
}
