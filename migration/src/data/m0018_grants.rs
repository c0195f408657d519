//! What a consent or an MOU permits, in pairs of a purpose and its categories. Until now both permitted every category for
//! every purpose that they named, so that is what the rows that exist mean.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::string;

#[derive(DeriveMigrationName)]
pub(crate) struct PairGrants;

/// How many purposes there are as of this step, in the order of their list.
const PURPOSES: i32 = 9;

#[async_trait::async_trait]
impl MigrationTrait for PairGrants {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in ["consent", "mou"] {
            let added = Table::alter()
                .table(table)
                .add_column(string("grants").default(""))
                .to_owned();
            manager.alter_table(added).await?;
            fill(manager, table).await?;
            for column in ["categories", "purposes"] {
                let gone = Table::alter().table(table).drop_column(column).to_owned();
                manager.alter_table(gone).await?;
            }
        }
        Ok(())
    }
}

/// Writes the product of each row's categories and purposes. Few combinations occur, whatever the number of rows.
async fn fill(manager: &SchemaManager<'_>, table: &'static str) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let combinations = Query::select()
        .columns(["categories", "purposes"])
        .distinct()
        .from(table)
        .to_owned();
    for row in connection.query_all(&combinations).await? {
        let categories: i32 = row.try_get("", "categories")?;
        let purposes: i32 = row.try_get("", "purposes")?;
        let filled = Query::update()
            .table(table)
            .value("grants", product(categories, purposes))
            .and_where(Expr::col("categories").eq(categories))
            .and_where(Expr::col("purposes").eq(purposes))
            .to_owned();
        connection.execute(&filled).await?;
    }
    Ok(())
}

/// Four hexadecimal digits a purpose, in the order of the list: the categories, one bit a code.
fn product(categories: i32, purposes: i32) -> String {
    let for_purpose = |place: i32| {
        let named = purposes & (1 << place) != 0;
        format!("{:04x}", if named { categories } else { 0 })
    };
    (0..PURPOSES).map(for_purpose).collect()
}
