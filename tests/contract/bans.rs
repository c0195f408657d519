//! Whatever selects, loads or changes rows without a scope is banned outside the entities, by `.clippy.toml`.
//!
//! Each banned function is named here once, with `#[expect(clippy::disallowed_methods)]`: where the lint said nothing of
//! it, clippy would report the expectation. So the lint is shown to fail on each, whenever the lints run.

use concord_entities as entities;
use sea_orm::{
    ActiveModelTrait, DatabaseConnection as Db, EntityTrait, Linked, LoaderTrait, LoaderTraitEx,
    ModelTrait, PrimaryKeyTrait, QuerySelect, Related, RelatedSelfVia, Select,
};

use super::{root, rust_files};

type Key<E> = <<E as EntityTrait>::PrimaryKey as PrimaryKeyTrait>::ValueType;

/// Names each function after its path in `.clippy.toml`, without calling it; gives the paths.
macro_rules! banned {
    ($($path:literal: $named:expr;)*) => {{
        $(
            #[expect(clippy::disallowed_methods, reason = "it is banned, and this shows it")]
            let _ = $named;
        )*
        vec![$($path.to_owned()),*]
    }};
}

macro_rules! loads {
    ($($entity:ident)*) => {{
        $(
            #[expect(clippy::disallowed_methods, reason = "it is banned, and this shows it")]
            let _ = entities::$entity::Entity::load;
        )*
        [$(concat!("concord_entities::", stringify!($entity), "::Entity::load").to_owned()),*]
    }};
}

#[test]
fn every_ban_is_shown() {
    let mut shown = of_every_entity::<
        entities::task_force::Entity,
        entities::membership::Entity,
        entities::task_force::ActiveModel,
    >();
    shown.extend(of_links::<
        selves::Entity,
        selves::Entity,
        selves::Entity,
        selves::Link,
    >());
    shown.extend(generated());
    shown.extend(loaders());
    shown.sort();
    let text = std::fs::read_to_string(root().join(".clippy.toml")).unwrap();
    let mut banned: Vec<String> = text
        .split("path = \"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().to_owned())
        .filter(|path| path.starts_with("sea_orm::") || path.starts_with("concord_entities::"))
        .collect();
    banned.sort();
    assert_eq!(shown.len(), banned.len());
    assert_eq!(shown, banned);
}

#[test]
fn no_entity_is_loaded_outside() {
    let entities = rust_files("entities/src")
        .iter()
        .filter(|file| super::code(file).contains("DeriveEntityModel)]"))
        .count();
    assert_eq!(loaders().len(), entities);
}

/// What every entity has, and its models and selections.
fn of_every_entity<E, R, A>() -> Vec<String>
where
    E: EntityTrait + Related<R>,
    E::Model: Send + Sync,
    E::ModelEx: From<E::Model>,
    E::Relation: Send,
    R: EntityTrait + Related<E>,
    R::Model: Send + Sync,
    R::ModelEx: From<R::Model>,
    A: ActiveModelTrait<Entity = E>,
{
    banned! {
        "sea_orm::EntityTrait::find": <E as EntityTrait>::find;
        "sea_orm::EntityTrait::find_by_id": <E as EntityTrait>::find_by_id::<Key<E>>;
        "sea_orm::EntityTrait::find_related_rev": <R as EntityTrait>::find_related_rev::<E>;
        "sea_orm::EntityTrait::update": <E as EntityTrait>::update::<A>;
        "sea_orm::EntityTrait::update_many": <E as EntityTrait>::update_many;
        "sea_orm::EntityTrait::delete": <E as EntityTrait>::delete::<A>;
        "sea_orm::EntityTrait::delete_many": <E as EntityTrait>::delete_many;
        "sea_orm::EntityTrait::delete_by_id": <E as EntityTrait>::delete_by_id::<Key<E>>;
        "sea_orm::Update::one": sea_orm::Update::one::<E, A>;
        "sea_orm::Update::many": sea_orm::Update::many::<E>;
        "sea_orm::Delete::one": sea_orm::Delete::one::<E, A, A>;
        "sea_orm::Delete::many": sea_orm::Delete::many::<E>;
        "sea_orm::Related::find_related": <E as Related<R>>::find_related;
        "sea_orm::ModelTrait::find_related": <E::Model as ModelTrait>::find_related::<R>;
        "sea_orm::Select::find_also": Select::<E>::find_also::<R>;
        "sea_orm::Select::find_also_related": Select::<E>::find_also_related::<R>;
        "sea_orm::Select::find_both_related": Select::<E>::find_both_related::<R>;
        "sea_orm::Select::find_with_related": Select::<E>::find_with_related::<R>;
        "sea_orm::LoaderTraitEx::load_self_ex": <&[E::Model] as LoaderTraitEx>::load_self_ex::<E, Db>;
        "sea_orm::LoaderTraitEx::load_self_many_ex": <&[E::Model] as LoaderTraitEx>::load_self_many_ex::<E, Db>;
        "sea_orm::LoaderTraitEx::load_one_ex": <&[E::Model] as LoaderTraitEx>::load_one_ex::<R, R, Db>;
        "sea_orm::LoaderTraitEx::load_many_ex": <&[E::Model] as LoaderTraitEx>::load_many_ex::<R, R, Db>;
        "sea_orm::QuerySelect::lock": <Select<E> as QuerySelect>::lock;
        "sea_orm::QuerySelect::lock_shared": <Select<E> as QuerySelect>::lock_shared;
        "sea_orm::QuerySelect::lock_exclusive": <Select<E> as QuerySelect>::lock_exclusive;
        "sea_orm::QuerySelect::lock_with_behavior": <Select<E> as QuerySelect>::lock_with_behavior;
    }
}

/// What needs a link, or a relation of an entity with itself, of which there is none: compiled, and called by a type that
/// stands for all.
fn of_links<E, R, V, L>() -> Vec<String>
where
    E: EntityTrait + Related<R> + RelatedSelfVia<V>,
    E::Model: Send + Sync,
    E::ModelEx: From<E::Model>,
    E::Relation: Send,
    R: EntityTrait,
    R::Model: Send + Sync,
    R::ModelEx: From<R::Model>,
    V: EntityTrait,
    V::Model: Send + Sync,
    L: Linked<FromEntity = E, ToEntity = E>,
{
    banned! {
        "sea_orm::RelatedSelfVia::find_related": <E as RelatedSelfVia<V>>::find_related;
        "sea_orm::Linked::find_linked": <L as Linked>::find_linked;
        "sea_orm::ModelTrait::find_linked": <E::Model as ModelTrait>::find_linked::<L>;
        "sea_orm::Select::find_also_linked": Select::<E>::find_also_linked::<L, E>;
        "sea_orm::Select::find_with_linked": Select::<E>::find_with_linked::<L, E>;
        "sea_orm::LoaderTrait::load_self": <Vec<E::Model> as LoaderTrait>::load_self::<E, Db>;
        "sea_orm::LoaderTrait::load_self_many": <Vec<E::Model> as LoaderTrait>::load_self_many::<E, Db>;
        "sea_orm::LoaderTrait::load_self_via": <Vec<E::Model> as LoaderTrait>::load_self_via::<V, Db>;
        "sea_orm::LoaderTrait::load_self_via_rev": <Vec<E::Model> as LoaderTrait>::load_self_via_rev::<V, Db>;
        "sea_orm::LoaderTrait::load_one": <Vec<E::Model> as LoaderTrait>::load_one::<R, R, Db>;
        "sea_orm::LoaderTrait::load_many": <Vec<E::Model> as LoaderTrait>::load_many::<R, R, Db>;
        "sea_orm::LoaderTrait::load_many_to_many": <Vec<E::Model> as LoaderTrait>::load_many_to_many::<R, R, V, Db>;
        "sea_orm::LoaderTraitEx::load_self_via_ex": <&[E::Model] as LoaderTraitEx>::load_self_via_ex::<V, Db>;
    }
}

/// What the columns of a unique key have generated.
fn generated() -> Vec<String> {
    let event = || entities::ids::AuditEventId::new();
    banned! {
        "concord_entities::audit_place::Entity::find_by_event_id": || entities::audit_place::Entity::find_by_event_id(event());
        "concord_entities::audit_place::Entity::delete_by_event_id": || entities::audit_place::Entity::delete_by_event_id(event());
        "concord_entities::membership::Entity::find_by_task_force_name_key": entities::membership::Entity::find_by_task_force_name_key;
        "concord_entities::membership::Entity::delete_by_task_force_name_key": entities::membership::Entity::delete_by_task_force_name_key;
        "concord_entities::mou_calendar::Entity::find_by_hash": || entities::mou_calendar::Entity::find_by_hash("");
        "concord_entities::mou_calendar::Entity::delete_by_hash": || entities::mou_calendar::Entity::delete_by_hash("");
        "concord_entities::partnership::Entity::find_by_agencies": entities::partnership::Entity::find_by_agencies;
        "concord_entities::partnership::Entity::delete_by_agencies": entities::partnership::Entity::delete_by_agencies;
        "concord_entities::survivor::Entity::find_by_agency_pseudonym_key": entities::survivor::Entity::find_by_agency_pseudonym_key;
        "concord_entities::survivor::Entity::delete_by_agency_pseudonym_key": entities::survivor::Entity::delete_by_agency_pseudonym_key;
        "concord_entities::trusted_issuer::Entity::find_by_issuer": || entities::trusted_issuer::Entity::find_by_issuer("");
        "concord_entities::trusted_issuer::Entity::delete_by_issuer": || entities::trusted_issuer::Entity::delete_by_issuer("");
    }
}

fn loaders() -> Vec<String> {
    loads! {
        address_sweep agency agency_change agency_name agency_past agency_vetting application application_registrar application_secret audit_checkpoint audit_cosignature audit_event audit_flag audit_place audit_review audit_tile audit_tree
        audit_waiting consent
        consent_document consent_objection consent_past consent_signature document_key ended_subject ending_allowance idempotency keyring_identity ledger_reopening ledger_witness legal_hold
        mandated_disclosure membership membership_past mou
        mou_calendar mou_document mou_import mou_party mou_party_past mou_past note_attachment notice package_key partnership partnership_answers partnership_place past_facts record_key referral referral_note referral_past referral_statistics rule_pack safe_contact sealed_part sharing_epoch signing_key
        spent_proof staff_training store_identity survivor task_force token_key token_state trusted_document trusted_issuer
    }
    .to_vec()
}

/// An entity that is related to itself, and linked with itself, as none of ours is.
mod selves {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "selves")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}

    fn itself() -> RelationDef {
        Entity::belongs_to(Entity)
            .from(Column::Id)
            .to(Column::Id)
            .into()
    }

    impl Related<Self> for Entity {
        fn to() -> RelationDef {
            itself()
        }
    }

    impl RelatedSelfVia<Self> for Entity {
        fn to() -> RelationDef {
            itself()
        }

        fn via() -> RelationDef {
            itself()
        }
    }

    pub struct Link;

    impl Linked for Link {
        type FromEntity = Entity;
        type ToEntity = Entity;

        fn link(&self) -> Vec<RelationDef> {
            vec![itself()]
        }
    }
}
