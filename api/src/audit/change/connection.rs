//! Changes are connections: what is read and written by one is part of it.

use std::pin::Pin;

use sea_orm::{ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, Statement};

use super::invented_past::InventedPast;
use super::{Change, Ending};

/// What a statement comes to.
type Answered<'f, T> = Pin<Box<dyn Future<Output = Result<T, DbErr>> + Send + 'f>>;

/// Hands statements on to what a type is made over.
macro_rules! connect {
    ($([$($of:tt)*] $inner:tt;)*) => {$(
        impl $($of)* {
            fn get_database_backend(&self) -> DbBackend {
                self.$inner.get_database_backend()
            }

            fn execute_raw<'s: 'f, 'f>(&'s self, statement: Statement) -> Answered<'f, ExecResult>
            where
                Self: 'f,
            {
                self.$inner.execute_raw(statement)
            }

            fn execute_unprepared<'s: 'f, 't: 'f, 'f>(&'s self, sql: &'t str) -> Answered<'f, ExecResult>
            where
                Self: 'f,
            {
                self.$inner.execute_unprepared(sql)
            }

            fn query_one_raw<'s: 'f, 'f>(&'s self, statement: Statement) -> Answered<'f, Option<QueryResult>>
            where
                Self: 'f,
            {
                self.$inner.query_one_raw(statement)
            }

            fn query_all_raw<'s: 'f, 'f>(&'s self, statement: Statement) -> Answered<'f, Vec<QueryResult>>
            where
                Self: 'f,
            {
                self.$inner.query_all_raw(statement)
            }
        }
    )*};
}

connect! {
    [<By: Sync> ConnectionTrait for Change<'_, By>] transaction;
    [<By: Sync> ConnectionTrait for Ending<'_, By>] change;
    [ConnectionTrait for InventedPast<'_>] ending;
}
