//! A signature under a consent.

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::Expr;
use sea_orm::{QueryFilter, UpdateMany};

use crate::consent::StoredInterpreter;
use crate::ids::{ConsentId, SignatureId};
use crate::instant::{Day, Instant};
use crate::vocabulary::{SignatureMethod, SignerRelation, SignerRole, Witness};

/// Who signed a consent, as what, when and how. Never the signer's name: the paper has it.
#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "consent_signature")]
pub struct Model {
    /// The signature's id.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: SignatureId,
    /// The consent that is signed.
    pub consent_id: ConsentId,
    /// The role in which they signed.
    pub role: SignerRole,
    /// Which of those who sign in this role, from 1.
    pub signer: i32,
    /// How they signed.
    pub method: SignatureMethod,
    /// The day on the signature.
    pub signed_on: Day,
    /// The SHA-256 of the signed document, 64 lower-case hex digits.
    pub document_sha256: Option<String>,
    /// When it was recorded here.
    pub recorded_at: Instant,
    /// What ties them to the survivor; none where nobody said.
    pub relation: Option<SignerRelation>,
    /// The language in which it was explained to them, BCP 47; none where it is the consent's.
    pub language: Option<String>,
    /// Who interpreted for them; none where nobody had to.
    pub interpreter: Option<StoredInterpreter>,
    /// Who saw it being given; none where nobody had to.
    pub witness: Option<Witness>,
    /// The consent that is signed.
    #[sea_orm(belongs_to, from = "consent_id", to = "id")]
    pub consent: BelongsTo<super::consent::Entity>,
}

impl ActiveModelBehavior for ActiveModel {}

impl Entity {
    /// Returns the signatures under these consents, which the caller has found by a scoped finder.
    pub fn under(consents: impl IntoIterator<Item = ConsentId>) -> Select<Self> {
        Self::find().filter(COLUMN.consent_id.is_in(consents))
    }

    /// Removes what is known of whoever signed these consents, for the survivor's erasure: that somebody did, and when, stays on
    /// record.
    pub fn forget_signers(consents: impl IntoIterator<Item = ConsentId>) -> UpdateMany<Self> {
        let nothing = || Expr::value(None::<String>);
        Self::update_many()
            .col_expr(Column::DocumentSha256, nothing())
            .col_expr(Column::Relation, nothing())
            .col_expr(Column::Language, nothing())
            .col_expr(Column::Interpreter, Expr::cust("NULL"))
            .col_expr(Column::Witness, nothing())
            .filter(COLUMN.consent_id.is_in(consents))
    }
}
