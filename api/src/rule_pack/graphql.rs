//! The rules that bind an agency, each from a day and until a day: settings of its own.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, SimpleObject};
use concord_entities::SelectLocked;
use concord_entities::ids::RulePackId;
use concord_entities::instant::Day;
use concord_entities::rule_pack;
use concord_entities::vocabulary::Pack;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};

use crate::access::grant::Resource;
use crate::agency::zone;
use crate::audit::change::Change;
use crate::audit::disclose;
use crate::audit::event::{Event, RulePackEvent};
use crate::error::{Error, Faults, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::repeated::unless_repeated;
use crate::request::{InRequest, Request};
use crate::store::page::{self, PageRequest};
use crate::text;
use crate::wire::connection::Connection;
use crate::wire::scalars::Date;

/// The longest that a state's law may let a consent run: more is not reasonably time-limited.
const LONGEST: i32 = 366;

/// A set of rules that binds your agency; its consents are judged by those of the day.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct RulePack {
    /// Which rules.
    pub pack: Pack,
    /// Its first day.
    pub from_on: Date,
    /// Its last day; null where it goes on.
    pub until_on: Option<Date>,
    /// A state's own maximum, in days; null where 90 days are.
    pub max_days: Option<i32>,
    /// Where a state's rule is written.
    pub citation: Option<String>,
    /// Whether a state's law asks for each of a minor's parents or guardians, so that one of them can object.
    pub both_guardians: bool,
    #[graphql(skip)]
    key: RulePackId,
}

#[ComplexObject]
impl RulePack {
    /// The id of what your agency said.
    pub async fn id(&self) -> ID {
        ID(self.key.to_string())
    }
}

/// A set of rules that binds your agency from a day.
#[derive(Clone, Debug, InputObject)]
pub struct RulePackInput {
    /// Which rules.
    pub pack: Pack,
    /// Its first day; today where nothing is said.
    pub from_on: Option<Date>,
    /// A state's own maximum, in days, 1 to 366; for `STATE` alone.
    pub max_days: Option<i32>,
    /// Where a state's rule is written, in 1 to 200 characters; needed for `STATE`, and for it alone.
    pub citation: Option<String>,
    /// Whether the state's law asks for each of a minor's parents or guardians; for `STATE` alone.
    #[graphql(default)]
    pub both_guardians: bool,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

impl From<rule_pack::Model> for RulePack {
    fn from(row: rule_pack::Model) -> Self {
        Self {
            pack: row.pack,
            from_on: row.from_on.into(),
            until_on: row.until_on.map(Date::from),
            max_days: row.max_days,
            citation: row.citation,
            both_guardians: row.both_guardians,
            key: row.id,
        }
    }
}

/// Reading which rules bind your agency.
#[derive(Default)]
pub struct PackQuery;

/// Reading which rules bind your agency.
#[Object]
impl PackQuery {
    /// The rules that bind your agency, and those that did, newest first.
    async fn rule_packs(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<RulePack>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Agency.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let released = request
            .disclose(|| async {
                let among = rule_pack::Entity::of(caller.agency());
                let key = rule_pack::Column::Id;
                disclose::page(&request.worker.store, among, key, wanted, |row| {
                    row.id.to_string()
                })
                .await
            })
            .await?;
        Ok(Connection::from_page(
            released.content().map(RulePack::from),
            |one| one.key.0,
        ))
    }
}

/// Changing which rules bind your agency.
#[derive(Default)]
pub struct PackMutation;

/// Changing which rules bind your agency.
#[Object]
impl PackMutation {
    /// Says that a set of rules binds your agency. Consents are judged by it from its first day; those that are signed
    /// already stay in force.
    async fn bind_rule_pack(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which rules, and from when.")] pack: RulePackInput,
    ) -> Result<RulePack> {
        let request = ctx.request()?;
        let change = request.change(Resource::Agency.update()).await?;
        let call = CreatingCall::new(
            "bindRulePack",
            "pack.idempotencyKey",
            pack.idempotency_key.as_ref(),
            &pack,
        )?;
        let vault = &request.worker.vault;
        let created = idempotency::creates_once(change, vault, call, async |change| {
            let made = bind(change, pack).await?;
            Ok(Creation {
                id: made.id.0,
                event: Event::RulePackBound(recorded(&made)),
                made,
            })
        })
        .await?;
        match created {
            Created::Now(made) => Ok(made.into()),
            Created::Before(id) => {
                let made = find_rule_pack(request, RulePackId(id)).await?;
                made.ok_or_else(|| Error::NotFound.into())
            }
        }
    }

    /// Says until when a set of rules binds your agency. It stays on record for the time in which it did.
    async fn unbind_rule_pack(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id of what your agency said.")] id: ID,
        #[graphql(desc = "Its last day, from yesterday on; yesterday where you leave it out.")]
        until_on: Option<Date>,
    ) -> Result<RulePack> {
        let request = ctx.request()?;
        let change = request.change(Resource::Agency.update()).await?;
        let id = page::id("id", &id)?;
        let Some(unbound) = unbind(&change, id, until_on.map(|day| day.0)).await? else {
            change.give_up().await?;
            let found = find_rule_pack(request, id).await?;
            return found.ok_or_else(|| Error::NotFound.into());
        };
        change
            .commit(Event::RulePackUnbound(recorded(&unbound)))
            .await?;
        Ok(unbound.into())
    }
}

fn recorded(row: &rule_pack::Model) -> RulePackEvent {
    RulePackEvent {
        id: row.id,
        pack: row.pack,
    }
}

/// Returns one set of rules that the caller's agency said binds it.
pub(crate) async fn rule_pack_by_id(request: &Request, id: RulePackId) -> Result<Option<RulePack>> {
    request.caller.may(Resource::Agency.read())?;
    find_rule_pack(request, id).await
}

async fn find_rule_pack(request: &Request, id: RulePackId) -> Result<Option<RulePack>> {
    let agency = request.caller.agency();
    let released = request
        .disclose(|| async {
            let among = rule_pack::Entity::one_of(agency, id);
            disclose::one(&request.worker.store, among, &id, |row| row.id.to_string()).await
        })
        .await?;
    Ok(released.content().map(RulePack::from))
}

async fn bind(change: &Change<'_>, input: RulePackInput) -> Result<rule_pack::Model> {
    let state = input.pack == Pack::State;
    let own = input.max_days.is_some() || input.citation.is_some() || input.both_guardians;
    let mut faults = Faults::default();
    let text = "only `STATE` has a maximum, a citation and guardians of its own";
    faults.require(state || !own, "pack.pack", text);
    let text = "say where the state's rule is written";
    faults.require(!state || input.citation.is_some(), "pack.citation", text);
    let citation = input.citation.as_deref();
    let citation =
        citation.map(|said| text::line_at(&mut faults, "pack.citation", said, text::LINE));
    let fits = input
        .max_days
        .is_none_or(|days| (1..=LONGEST).contains(&days));
    faults.require(fits, "pack.maxDays", "1 to 366");
    faults.none()?;
    let today = today(change).await?;
    let from_on = input.from_on.map_or(today, |day| day.0);
    let said = rule_pack::Entity::of(change.agency()).all(change).await?;
    let already = |one: &rule_pack::Model| {
        one.pack == input.pack && !state && one.until_on.is_none_or(|last| from_on <= last)
    };
    if said.iter().any(already) {
        return Err(Error::Conflict("this pack binds your agency already".into()).into());
    }
    let row = rule_pack::Model {
        id: RulePackId::new(),
        agency_id: change.agency(),
        pack: input.pack,
        from_on,
        until_on: None,
        max_days: input.max_days,
        citation,
        both_guardians: input.both_guardians,
        created_at: change.now(),
    };
    Ok(row.into_active_model().insert(change).await?)
}

/// Returns the day that it is where the agency works.
async fn today(change: &Change<'_>) -> Result<Day> {
    let zone = zone::of_agency(change, change.agency()).await?;
    Ok(zone.day(change.now()))
}

/// Ends what binds the acting agency; returns none where that was done before, with the same last day.
async fn unbind(
    change: &Change<'_>,
    id: RulePackId,
    until_on: Option<Day>,
) -> Result<Option<rule_pack::Model>> {
    let row = rule_pack::Entity::one_of(change.agency(), id)
        .one_locked(change)
        .await?
        .ok_or(Error::NotFound)?;
    let yesterday = today(change).await?.plus_days(-1);
    let last = until_on.unwrap_or(yesterday);
    let ended = unless_repeated(row.until_on, &last, || may_end(&row, last, yesterday));
    let Some(()) = ended.transpose()? else {
        return Ok(None);
    };
    let mut row = row.into_active_model();
    row.until_on = Set(Some(last));
    Ok(Some(row.update(change).await?))
}

fn may_end(row: &rule_pack::Model, last: Day, yesterday: Day) -> Result<(), Error> {
    if last < yesterday {
        let text = "what bound your agency in the past stays so";
        return Err(Error::input("untilOn", text));
    }
    if row.until_on.is_some_and(|until| until < last) {
        let text = "this pack ends before that already: bind it anew";
        return Err(Error::NotNow(text.into()));
    }
    Ok(())
}
