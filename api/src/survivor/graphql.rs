//! Survivors on the wire: to their own agency only.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use concord_entities::SelectLocked;
use concord_entities::ids::{SurvivorAuditId, SurvivorId};
use concord_entities::instant::Day;
use concord_entities::name_key::NameKey;
use concord_entities::survivor;
use concord_entities::vocabulary::AgeGroup;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, Set, SqlErr};

use super::rules;
use crate::access::grant::Resource;
use crate::agency::zone;
use crate::audit::change::Change;
use crate::audit::disclose;
use crate::audit::event::Event;
use crate::error::{Error, Faults, Refusal, Result};
use crate::request::idempotency::{self, Created, CreatingCall, Creation};
use crate::request::repeated::unless_repeated;
use crate::request::{InRequest, Request};
use crate::store::page::{self, Moment, PageRequest};
use crate::text;
use crate::wire::connection::Connection;
use crate::wire::scalars::{Date, DateTime, LanguageTag};
use crate::wire::together::Together;

/// Your agency's own pseudonym for a person it serves. Holds no identity, and no other agency sees it.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(complex)]
pub struct Survivor {
    #[graphql(skip)]
    pub(super) key: SurvivorId,
    #[graphql(skip)]
    pub(super) model: survivor::Model,
    #[graphql(skip)]
    pub(super) together: Arc<Together<SurvivorId>>,
    /// The pseudonym.
    pub pseudonym: String,
    /// The language that the person understands best.
    pub language: Option<LanguageTag>,
    /// From which day a minor is an adult; null where nobody said. Your agency may have rounded it to its month. No other
    /// agency sees it.
    pub minor_until: Option<Date>,
    /// When the pseudonym was registered.
    pub created_at: DateTime,
}

impl Survivor {
    /// Returns a survivor that is shown together with others.
    pub(crate) fn beside(model: survivor::Model, together: Arc<Together<SurvivorId>>) -> Self {
        Self {
            together,
            key: model.id,
            pseudonym: model.pseudonym.clone(),
            language: model.language.clone().map(LanguageTag::from),
            minor_until: model.minor_until.map(Date::from),
            created_at: model.created_at.into(),
            model,
        }
    }
}

impl From<survivor::Model> for Survivor {
    fn from(model: survivor::Model) -> Self {
        let alone = Together::of([model.id]);
        Self::beside(model, alone)
    }
}

/// A survivor to register.
#[derive(Clone, Debug, InputObject)]
pub struct SurvivorInput {
    /// Your agency's pseudonym for the person: 1 to 80 characters, and never a name. In your agency no two look the same,
    /// whatever their case, width and spaces.
    pub pseudonym: String,
    /// How old the person is: it decides who signs, so nothing is taken for granted. Whose age nobody knows is treated like
    /// a minor.
    pub age_group: AgeGroup,
    /// From which day a minor is an adult; you may round it to its month. From that day on the person signs alone, and
    /// what a guardian signed carries no new referral.
    pub minor_until: Option<Date>,
    /// The language that the person understands best; nothing is signed before it is on record.
    pub language: Option<LanguageTag>,
    /// The same key again returns what the first call made: 1 to 200 characters.
    pub idempotency_key: Option<ID>,
}

/// What to look for among survivors.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SurvivorFilter {
    /// The one with this pseudonym, whatever its case, width and spaces: 1 to 80 characters.
    pub pseudonym: Option<String>,
}

impl SurvivorFilter {
    /// Reads what the pseudonym is compared by.
    fn key(&self) -> Result<Option<NameKey>, Error> {
        let mut faults = Faults::default();
        let line =
            |text: &String| text::line_at(&mut faults, "filter.pseudonym", text, text::PSEUDONYM);
        let pseudonym = self.pseudonym.as_ref().map(line);
        faults.none()?;
        Ok(pseudonym.map(|pseudonym| NameKey::of(&pseudonym)))
    }
}

/// Reading survivors.
#[derive(Default)]
pub struct SurvivorQuery;

/// Reading survivors.
#[Object]
impl SurvivorQuery {
    /// Your own agency's survivors, newest first.
    async fn survivors(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which of them; all where you leave it out.")] filter: Option<
            SurvivorFilter,
        >,
        #[graphql(desc = "How many, 1 to 100; 20 where you leave it out.")] first: Option<i32>,
        #[graphql(desc = "The cursor of the entry to go on after.")] after: Option<String>,
        #[graphql(desc = "How many from the far end, 1 to 100; instead of `first`.")] last: Option<
            i32,
        >,
        #[graphql(desc = "The cursor of the entry to go back from; instead of `after`.")]
        before: Option<String>,
    ) -> Result<Connection<Survivor>> {
        let request = ctx.request()?;
        let caller = request.caller.may(Resource::Survivor.search())?;
        let wanted = PageRequest::parse(first, after.as_deref(), last, before.as_deref())?;
        let key = filter.unwrap_or_default().key()?;
        let released = request
            .disclose(|| async {
                let mut among = survivor::Entity::of(caller.agency());
                if let Some(key) = &key {
                    among = among.filter(survivor::Column::PseudonymKey.eq(key.clone()));
                }
                let place = [survivor::Column::CreatedAt, survivor::Column::Id];
                let wanted: PageRequest<Moment> = wanted;
                disclose::page_by(&request.worker.store, among, &place, wanted, |row| {
                    row.audit_id.to_string()
                })
                .await
            })
            .await?;
        let page = released.content();
        let together = Together::of(page.entries.iter().map(|row| row.id));
        Ok(Connection::from_page(
            page.map(|row| Survivor::beside(row, Arc::clone(&together))),
            |one| Moment {
                at: one.created_at.0,
                id: one.key.0,
            },
        ))
    }
}

/// Returns one survivor of the caller's own agency.
pub(crate) async fn survivor_by_id(request: &Request, id: SurvivorId) -> Result<Option<Survivor>> {
    request.caller.may(Resource::Survivor.read())?;
    find_survivor(request, id).await
}

/// Reads the survivor for a caller whose change named it, and records the reading like any other.
pub(crate) async fn find_survivor(request: &Request, id: SurvivorId) -> Result<Option<Survivor>> {
    let caller = &request.caller;
    let released = request
        .disclose(|| async {
            let among = survivor::Entity::one_of(caller.agency(), id);
            disclose::one(&request.worker.store, among, &SurvivorId::PREFIX, |row| {
                row.audit_id.to_string()
            })
            .await
        })
        .await?;
    Ok(released.content().map(Survivor::from))
}

/// Changing survivors.
#[derive(Default)]
pub struct SurvivorMutation;

/// Changing survivors.
#[Object]
impl SurvivorMutation {
    /// Registers your agency's pseudonym for a person it serves.
    async fn register_survivor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The pseudonym, and what is said with it.")] survivor: SurvivorInput,
    ) -> Result<Survivor> {
        let request = ctx.request()?;
        let change = request.change(Resource::Survivor.create()).await?;
        let key = survivor.idempotency_key.as_ref();
        let call = CreatingCall::new(
            "registerSurvivor",
            "survivor.idempotencyKey",
            key,
            &survivor,
        )?;
        let vault = &request.worker.vault;
        let created = idempotency::creates_once(change, vault, call, async |change| {
            register(change, survivor).await
        })
        .await?;
        match created {
            Created::Now(made) => Ok(made.into()),
            Created::Before(id) => {
                let made = find_survivor(request, SurvivorId(id)).await?;
                made.ok_or_else(|| Error::NotFound.into())
            }
        }
    }

    /// Corrects what your agency has on record of its survivor, where it was wrong or has changed: it decides who signs,
    /// and in which language a consent is explained. A consent in force stays in force; its `findings` say what it lacks
    /// now.
    async fn correct_survivor(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The survivor's id.")] id: ID,
        #[graphql(desc = "How old the person is.")] age_group: AgeGroup,
        #[graphql(
            desc = "From which day a minor is an adult, if you like rounded to its month; nobody said where you leave it out."
        )]
        minor_until: Option<Date>,
        #[graphql(desc = "The language that the person understands best.")] language: LanguageTag,
    ) -> Result<Survivor> {
        let request = ctx.request()?;
        let change = request.change(Resource::Survivor.update()).await?;
        let id: SurvivorId = page::id("id", &id)?;
        let minor_until = minor_until.map(|day| day.0);
        check_age(&change, "minorUntil", age_group, minor_until).await?;
        let survivor = survivor::Entity::one_of(change.agency(), id)
            .one_locked(&change)
            .await?;
        let survivor = survivor.ok_or(Error::NotFound)?;
        let last = (
            survivor.age_group,
            survivor.minor_until,
            survivor.language.clone(),
        );
        let told = (age_group, minor_until, Some(language.as_str().to_owned()));
        let corrected = unless_repeated(Some(last), &told.clone(), || survivor::ActiveModel {
            age_group: Set(told.0),
            minor_until: Set(told.1),
            language: Set(told.2),
            ..survivor.into_active_model()
        });
        let Some(corrected) = corrected else {
            change.give_up().await?;
            let survivor = find_survivor(request, id).await?;
            return survivor.ok_or_else(|| Error::NotFound.into());
        };
        let corrected = corrected.update(&change).await?;
        change
            .commit(Event::SurvivorCorrected(corrected.audit_id))
            .await?;
        Ok(corrected.into())
    }
}

/// Checks that a person can be of this age today, where the acting agency works.
async fn check_age(
    change: &Change<'_>,
    field: &str,
    age: AgeGroup,
    minor_until: Option<Day>,
) -> Result<()> {
    let zone = zone::of_agency(change, change.agency()).await?;
    rules::check_age(age, minor_until, zone.day(change.now()))
        .map_err(|fault| Error::input(field, fault).into())
}

/// Registers the acting agency's pseudonym for a person it serves.
pub(crate) async fn register(
    change: &Change<'_>,
    input: SurvivorInput,
) -> Result<Creation<survivor::Model>> {
    let mut faults = Faults::default();
    let pseudonym = text::line_at(
        &mut faults,
        "survivor.pseudonym",
        &input.pseudonym,
        text::PSEUDONYM,
    );
    let minor_until = input.minor_until.map(|day| day.0);
    let age = check_age(change, "survivor.minorUntil", input.age_group, minor_until).await;
    faults.keep(age)?;
    faults.none()?;
    let key = NameKey::of(&pseudonym);
    let alike = survivor::Entity::alike(change.agency(), &key);
    if alike.one(change).await?.is_some() {
        return Err(is_taken());
    }
    let model = survivor::Model {
        id: SurvivorId::new(),
        agency_id: change.agency(),
        pseudonym,
        pseudonym_key: Some(key),
        lookalike: 0,
        age_group: input.age_group,
        minor_until,
        language: input.language.map(|tag| tag.as_str().to_owned()),
        audit_id: SurvivorAuditId::new(),
        created_at: change.now(),
        erased_at: None,
    };
    match model.into_active_model().insert(change).await {
        Ok(made) => Ok(Creation {
            id: made.id.0,
            event: Event::SurvivorRegistered(made.audit_id),
            made,
        }),
        Err(fault) if matches!(fault.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) => {
            Err(is_taken())
        }
        Err(fault) => Err(fault.into()),
    }
}

fn is_taken() -> Refusal {
    let text = "your agency has this pseudonym already, or one that looks the same: choose another";
    Error::Conflict(text.into()).into()
}
