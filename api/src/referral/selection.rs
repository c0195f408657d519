//! What a query selects of each referral, read ahead so that one statement brings it all.

use std::collections::{BTreeMap, BTreeSet};

use async_graphql::{Context, ID, InputType, SelectionField, Value};
use concord_entities::ids::AgencyId;
use concord_entities::vocabulary::{Categories, Purpose};

use super::explained::AccessQuestion;
use super::package::Package;
use super::read::Depth;
use crate::consent::selection::ConsentSelection;
use crate::error::{Error, Result};
use crate::request::InRequest;
use crate::store::page;
use crate::wire::lookahead;
use crate::wire::scalars::DateTime;

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
        let previews = self::packages(ctx, &at(&["preview"]))?;
        let explained = explained(ctx, &at(&["explainAccess"]))?;
        let consent = lookahead::asks(ctx, &at(&["consent"]));
        let mou = lookahead::asks(ctx, &at(&["mou"]));
        let beyond_name =
            |party| lookahead::asks_beyond(ctx, &at(&[party]), &["id", "name", "kind"]);
        let outcome = lookahead::asks(ctx, &at(&["outcome"]));
        let actions = lookahead::asks(ctx, &at(&["allowedActions"]))
            || lookahead::asks(ctx, &at(&["actions"]));
        let reopens = lookahead::asks(ctx, &at(&["reopens"]));
        let timeline = lookahead::asks(ctx, &at(&["timeline"]));
        let assigned =
            lookahead::asks(ctx, &at(&["assignee"])) || lookahead::asks(ctx, &at(&["assigned"]));
        Ok(Self {
            depth: Depth {
                beyond_header: consent
                    || mou
                    || outcome
                    || reopens
                    || assigned
                    || timeline
                    || !packages.is_empty()
                    || !previews.is_empty()
                    || !explained.is_empty(),
                consent: consent.then(|| ConsentSelection::below(ctx, &at(&["consent"]))),
                mou,
                reopens,
                actions,
                parties: beyond_name("sender") || beyond_name("recipient"),
                packages,
                previews,
                explained,
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

/// Collects what is to be explained at `path`.
fn explained(ctx: &Context<'_>, path: &[&str]) -> Result<BTreeSet<AccessQuestion>> {
    let mut explained = BTreeSet::new();
    for field in lookahead::under(ctx, path) {
        let purpose = stated_purpose(field)?;
        let agency = stated(field, "agency")?.and_then(|value| ID::parse(Some(value)).ok());
        // An id that is none says so by itself, at its own place in the answer.
        let agency = agency.and_then(|id| page::id::<AgencyId>("agency", &id).ok());
        let as_of = stated(field, "asOf")?.and_then(|value| DateTime::parse(Some(value)).ok());
        let as_of = as_of.map(|moment| moment.0);
        explained.extend(agency.zip(purpose).map(|(agency, purpose)| AccessQuestion {
            agency,
            purpose,
            as_of,
        }));
    }
    Ok(explained)
}

/// Reads a field's argument `purpose`.
fn stated_purpose(field: SelectionField<'_>) -> Result<Option<Purpose>> {
    let invalid = |_| Error::input("purpose", "not a purpose");
    let stated = stated(field, "purpose")?;
    let read = stated.map(|value| Purpose::parse(Some(value)).map_err(invalid));
    Ok(read.transpose()?)
}

/// Returns what an argument is given, where it is.
fn stated(field: SelectionField<'_>, argument: &str) -> Result<Option<Value>> {
    let arguments = field.arguments();
    let arguments = arguments.map_err(|_| Error::input(argument, "cannot be read"))?;
    let given = arguments.into_iter().find(|(name, _)| name == argument);
    Ok(given
        .map(|(_, value)| value)
        .filter(|value| *value != Value::Null))
}
