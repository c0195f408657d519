//! Who signs a consent, and who never does. Pure.
//!
//! Source: 28 CFR 94.115(a)(2). A minor and a parent or guardian both sign, unless the law lets the minor receive the
//! service alone; whoever a court appointed signs for a person whom it found incapacitated; an abuser never signs.

use concord_entities::consent::StoredInterpreter;
use concord_entities::vocabulary::{Code, MinorAlone, SignatureMethod, SignerRelation, SignerRole};
use concord_entities::{consent_objection, consent_signature};

use super::checks::ConsentCheck;
use super::language;

/// What the law's answer to "who signs?" hangs on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Situation {
    /// The person is under 18, or nobody knows their age.
    pub minor: bool,
    /// Why the law lets a minor consent alone; none where it does not.
    pub minor_alone: Option<MinorAlone>,
    /// A court found the person incapacitated, and appointed somebody.
    pub incapacitated: bool,
    /// The law asks for each of a minor's parents or guardians, and there are two.
    pub both_guardians: bool,
}

/// A signature that is offered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// As what.
    pub role: SignerRole,
    /// What ties them to the survivor.
    pub relation: Option<SignerRelation>,
    /// Whether they are an abuser of the person, or of a minor's other parent.
    pub is_abuser: bool,
    /// How the signature was given.
    pub method: SignatureMethod,
    /// Whether the signed document's SHA-256 is on record.
    pub has_document: bool,
    /// Whether somebody saw it being given.
    pub witnessed: bool,
    /// The language in which it was explained to them, BCP 47; none where it is the consent's.
    pub language: Option<String>,
    /// Who interpreted for them.
    pub interpreter: Option<StoredInterpreter>,
}

impl Situation {
    /// Returns who must sign.
    #[must_use]
    pub fn needs(self) -> &'static [SignerRole] {
        if self.incapacitated {
            &[SignerRole::Conservator]
        } else if self.is_guarded() && self.both_guardians {
            &[
                SignerRole::Survivor,
                SignerRole::ParentOrGuardian,
                SignerRole::ParentOrGuardian,
            ]
        } else if self.is_guarded() {
            &[SignerRole::Survivor, SignerRole::ParentOrGuardian]
        } else {
            &[SignerRole::Survivor]
        }
    }

    /// Returns whether a signature of this role has a place under the consent. The person may always sign, and somebody
    /// may always have seen it.
    #[must_use]
    pub fn allows(self, role: SignerRole) -> bool {
        match role {
            SignerRole::Survivor | SignerRole::Witness => true,
            SignerRole::ParentOrGuardian | SignerRole::Conservator => self.needs().contains(&role),
        }
    }

    /// Returns whether a parent or guardian signs too.
    fn is_guarded(self) -> bool {
        self.minor && self.minor_alone.is_none() && !self.incapacitated
    }

    /// Returns which signatures are missing among these, each of another signer.
    pub fn missing(self, roles: &[SignerRole]) -> impl Iterator<Item = ConsentCheck> {
        let count = |among: &[SignerRole], role| among.iter().filter(|one| **one == role).count();
        SignerRole::ALL.iter().filter_map(move |role| {
            let signed = count(roles, *role);
            let lacks = signed < count(self.needs(), *role);
            lacks.then(|| missing_check(*role, signed)).flatten()
        })
    }

    /// Returns whether these are all that must sign.
    #[must_use]
    pub fn complete(self, roles: &[SignerRole]) -> bool {
        self.missing(roles).next().is_none()
    }

    /// Returns what keeps a signature from being taken; empty for a good one. `understood` is the language that the
    /// person understands best, BCP 47.
    #[must_use]
    pub fn faults(self, offered: &Offered, understood: Option<&str>) -> Vec<ConsentCheck> {
        let mut faults = Vec::new();
        if offered.is_abuser {
            faults.push(ConsentCheck::SignerIsAbuser);
        }
        if !self.allows(offered.role) {
            faults.push(ConsentCheck::SignerNotCalledFor);
        }
        if !fits(offered.role, offered.relation) {
            faults.push(ConsentCheck::SignerRelationUnfit);
        }
        if !offered.has_document {
            faults.push(ConsentCheck::DocumentMissing);
        }
        if offered.method == SignatureMethod::Mark && !offered.witnessed {
            faults.push(ConsentCheck::WitnessMissing);
        }
        if offered.role == SignerRole::Survivor && !is_understood(offered, understood) {
            faults.push(ConsentCheck::LanguageNotUnderstood);
        }
        if let Some(interpreter) = &offered.interpreter {
            faults.extend(language::of_interpreter(interpreter));
        }
        faults
    }
}

/// Returns the check that a further signature of this role is there, where `signed` are.
fn missing_check(role: SignerRole, signed: usize) -> Option<ConsentCheck> {
    match role {
        SignerRole::Survivor => Some(ConsentCheck::SurvivorSignatureMissing),
        SignerRole::ParentOrGuardian if signed > 0 => {
            Some(ConsentCheck::SecondGuardianSignatureMissing)
        }
        SignerRole::ParentOrGuardian => Some(ConsentCheck::GuardianSignatureMissing),
        SignerRole::Conservator => Some(ConsentCheck::ConservatorSignatureMissing),
        SignerRole::Witness => None,
    }
}

/// Returns whether an objection stands: whoever objected has not signed since.
#[must_use]
pub fn stands(
    objection: &consent_objection::Model,
    signatures: &[consent_signature::Model],
) -> bool {
    !signatures.iter().any(|one| {
        one.role == SignerRole::ParentOrGuardian
            && one.signer == objection.signer
            && one.recorded_at > objection.recorded_at
    })
}

/// Returns whether the person understood what they sign, as far as the signature itself says in which language it was
/// explained.
fn is_understood(offered: &Offered, understood: Option<&str>) -> bool {
    let interpreted = offered.interpreter.as_ref().map(|one| &one.language);
    let spoken = interpreted.or(offered.language.as_ref());
    match (spoken, understood) {
        (Some(spoken), Some(understood)) => language::is_understood_by(understood, spoken),
        // The consent is judged for these.
        (None, _) | (_, None) => true,
    }
}

/// Returns whether what ties somebody to the survivor makes them what they sign as.
#[must_use]
pub fn fits(role: SignerRole, relation: Option<SignerRelation>) -> bool {
    match (role, relation) {
        (SignerRole::Survivor, relation) => {
            matches!(relation, None | Some(SignerRelation::Oneself))
        }
        (SignerRole::ParentOrGuardian, Some(relation)) => {
            matches!(
                relation,
                SignerRelation::Parent | SignerRelation::LegalGuardian
            )
        }
        (SignerRole::Conservator, Some(relation)) => relation == SignerRelation::CourtAppointed,
        (SignerRole::Witness, relation) => relation != Some(SignerRelation::Oneself),
        (SignerRole::ParentOrGuardian | SignerRole::Conservator, None) => false,
    }
}
