//! What a query selects of each referral, read ahead so that one statement brings it all.

use std::collections::BTreeMap;

use async_graphql::{Context, InputType, SelectionField, Value};
use concord_entities::vocabulary::{Categories, Purpose};

use super::package::Package;
use super::read::Depth;
use crate::consent::selection::ConsentSelection;
use crate::error::{Error, Result};
use crate::request::InRequest;
use crate::wire::lookahead;

/// What a query selects of each referral.
#[derive(Clone, Debug, Default)]
pub(crate) struct ReferralSelection {
    /// How much of each row it needs.
    pub(super) depth: Depth,
}

impl ReferralSelection {
    /// Reads what is selected under `path` below the current field.
    pub(crate) fn below(ctx: &Context<'_>, path: &[&str]) -> Result<Self> {
        let at = |names: &[&'static str]| [path, names].concat();
        let packages = packages(ctx, &at(&["package"]))?;
        let consent = lookahead::asks(ctx, &at(&["consent"]));
        let mou = lookahead::asks(ctx, &at(&["mou"]));
        let beyond_name =
            |party| lookahead::asks_beyond(ctx, &at(&[party]), &["id", "name", "kind"]);
        let outcome = lookahead::asks(ctx, &at(&["outcome"]));
        let actions = lookahead::asks(ctx, &at(&["allowedActions"]))
            || lookahead::asks(ctx, &at(&["actions"]));
        let reopens = lookahead::asks(ctx, &at(&["reopens"]));
        Ok(Self {
            depth: Depth {
                beyond_header: consent || mou || outcome || reopens || !packages.is_empty(),
                consent: consent.then(|| ConsentSelection::below(ctx, &at(&["consent"]))),
                mou,
                reopens,
                actions,
                parties: beyond_name("sender") || beyond_name("recipient"),
                packages,
            },
        })
    }
}

/// Collects the purposes for which packages are selected at `path`, and the categories that are selected for each.
fn packages(ctx: &Context<'_>, path: &[&str]) -> Result<BTreeMap<Purpose, Categories>> {
    let caller = &ctx.request()?.caller;
    let mut packages = BTreeMap::new();
    for field in lookahead::under(ctx, path) {
        // A package whose purpose is missing says so by itself, at its own place in the answer.
        if let Ok(purpose) = caller.purpose(stated_purpose(field)?) {
            let selected = packages.entry(purpose).or_insert(Categories::EMPTY);
            *selected = field
                .selection_set()
                .filter_map(|within| Package::category(within.name()))
                .fold(*selected, Categories::with);
        }
    }
    Ok(packages)
}

/// Reads a package's argument `purpose`.
fn stated_purpose(field: SelectionField<'_>) -> Result<Option<Purpose>> {
    let invalid = || Error::input("purpose", "not a purpose");
    let arguments = field.arguments().map_err(|_| invalid())?;
    let stated = arguments
        .into_iter()
        .find(|(name, _)| name == "purpose")
        .map(|(_, value)| value);
    match stated {
        None | Some(Value::Null) => Ok(None),
        Some(value) => Ok(Some(Purpose::parse(Some(value)).map_err(|_| invalid())?)),
    }
}
