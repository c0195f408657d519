//! What a query asks for below a field, so that the top resolver fetches it all and leaves nothing pending.

use async_graphql::{Context, SelectionField};

/// Returns every field selected under `path` below the current field; fragments are looked through.
#[must_use]
pub fn under<'a>(ctx: &'a Context<'a>, path: &[&str]) -> Vec<SelectionField<'a>> {
    path.iter().fold(vec![ctx.field()], |fields, name| {
        fields
            .into_iter()
            .flat_map(|field| {
                field
                    .selection_set()
                    .filter(|field| field.name() == *name)
                    .collect::<Vec<_>>()
            })
            .collect()
    })
}

/// Returns whether a field other than these is selected of what lies under `path` below the current field.
#[must_use]
pub fn asks_beyond(ctx: &Context<'_>, path: &[&str], names: &[&str]) -> bool {
    let beyond = |field: SelectionField<'_>| {
        let name = field.name();
        name != "__typename" && !names.contains(&name)
    };
    let mut fields = under(ctx, path).into_iter();
    fields.any(|field| field.selection_set().any(beyond))
}

/// Returns whether anything is selected under `path` below the current field.
#[must_use]
pub fn asks(ctx: &Context<'_>, path: &[&str]) -> bool {
    !under(ctx, path).is_empty()
}
