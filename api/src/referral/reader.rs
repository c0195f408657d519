//! Who reads referrals: what the decision asks of them.

use concord_entities::ids::AgencyId;
use concord_entities::vocabulary::{Categories, Purpose};

use crate::access::Caller;
use crate::access::grant::{Permission, Resource};
use crate::access::scope::Scopes;

/// Whoever reads: an agency, and how far its token or program reaches.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'r> {
    /// The agency.
    pub agency: AgencyId,
    /// The scopes.
    pub scopes: &'r Scopes,
}

impl Reader<'_> {
    /// Returns how far it reaches into packages for one purpose.
    #[must_use]
    pub fn ceiling(&self, purpose: Purpose) -> Categories {
        self.scopes
            .categories_for(Resource::Referral, Permission::Read, purpose)
    }
}

impl<'c> From<&'c Caller> for Reader<'c> {
    fn from(caller: &'c Caller) -> Self {
        Self {
            agency: caller.agency(),
            scopes: caller.granted(),
        }
    }
}
