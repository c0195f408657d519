//! What a token lets its bearer ask for: permissions on resources, each within limits of category and purpose.
//!
//! Two scopes with different limits allow the pairs of each, and never a category of one for a purpose of the other.

use concord_entities::grants::Grants;
use concord_entities::vocabulary::{Categories, Code, DataCategory, Purpose, Purposes, Set};

use super::grant::{Permission, Permissions, RequiredScope, Resource};

/// One scope of a token: permissions on a resource, within limits.
///
/// No limit is not the same as a list that happens to name every code: the list does not grow when the
/// vocabulary does.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope {
    /// On what.
    pub resource: Resource,
    /// To do what.
    pub permissions: Permissions,
    /// For these categories alone; `None` for any.
    pub categories: Option<Categories>,
    /// For these purposes alone; `None` for any.
    pub purposes: Option<Purposes>,
}

/// All that a token's `scope` allows, in its one normal form: nothing twice, nothing that another scope
/// already gives, in the order of resource, permissions and limits. The default allows nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Scopes(Vec<Scope>);

impl Scope {
    /// Returns whether this allows the permission on the resource, for some category and purpose.
    #[must_use]
    pub fn allows(&self, grant: RequiredScope) -> bool {
        self.resource == grant.resource && self.permissions.has(grant.permission)
    }

    fn covers(&self, purpose: Purpose) -> bool {
        self.purposes.is_none_or(|purposes| purposes.has(purpose))
    }

    fn same_limits(&self, other: &Self) -> bool {
        (self.resource, self.categories, self.purposes)
            == (other.resource, other.categories, other.purposes)
    }

    /// Returns whether this has other limits than `wider`, and all of them within its.
    fn strictly_within(&self, wider: &Self) -> bool {
        self.resource == wider.resource
            && !self.same_limits(wider)
            && limit_within(self.categories, wider.categories)
            && limit_within(self.purposes, wider.purposes)
    }

    /// Returns what both allow, which may be nothing.
    fn and(&self, other: &Self) -> Option<Self> {
        (self.resource == other.resource).then(|| Self {
            resource: self.resource,
            permissions: common(self.permissions, other.permissions),
            categories: limit_of_both(self.categories, other.categories),
            purposes: limit_of_both(self.purposes, other.purposes),
        })
    }

    fn allows_nothing(&self) -> bool {
        self.permissions.is_empty()
            || self.categories.is_some_and(Set::is_empty)
            || self.purposes.is_some_and(Set::is_empty)
    }
}

fn limit_within<C: Code>(limit: Option<Set<C>>, wider: Option<Set<C>>) -> bool {
    match (limit, wider) {
        (_, None) => true,
        (None, Some(_)) => false,
        (Some(limit), Some(wider)) => limit.within(wider),
    }
}

fn limit_of_both<C: Code>(one: Option<Set<C>>, other: Option<Set<C>>) -> Option<Set<C>> {
    match (one, other) {
        (Some(one), Some(other)) => Some(common(one, other)),
        (limit, None) | (None, limit) => limit,
    }
}

fn common<C: Code>(one: Set<C>, other: Set<C>) -> Set<C> {
    one.iter().filter(|code| other.has(*code)).collect()
}

impl Scopes {
    /// Returns what both allow.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let each = |scope: &Scope| {
            other
                .iter()
                .filter_map(|with| scope.and(with))
                .collect::<Vec<_>>()
        };
        self.iter().flat_map(each).collect()
    }

    /// Returns whether some scope allows the permission on the resource, for some category and purpose.
    #[must_use]
    pub fn allows(&self, resource: Resource, permission: Permission) -> bool {
        self.reaches(resource.to(permission))
    }

    /// Returns whether these scopes give what an operation needs, for some category and purpose.
    #[must_use]
    pub fn reaches(&self, grant: RequiredScope) -> bool {
        self.0.iter().any(|scope| scope.allows(grant))
    }

    /// Returns whether some scope allows the permission on the resource for this category and this purpose.
    #[must_use]
    pub fn permits(
        &self,
        resource: Resource,
        permission: Permission,
        category: DataCategory,
        purpose: Purpose,
    ) -> bool {
        self.categories_for(resource, permission, purpose)
            .has(category)
    }

    /// Returns the categories that may be touched for this purpose.
    #[must_use]
    pub fn categories_for(
        &self,
        resource: Resource,
        permission: Permission,
        purpose: Purpose,
    ) -> Categories {
        let grant = resource.to(permission);
        self.0
            .iter()
            .filter(|scope| scope.allows(grant) && scope.covers(purpose))
            .flat_map(|scope| scope.categories.unwrap_or_else(Set::all).iter())
            .collect()
    }

    /// Returns the purposes for which at least one category may be touched.
    #[must_use]
    pub fn purposes(&self, resource: Resource, permission: Permission) -> Purposes {
        self.grants(resource, permission).purposes()
    }

    /// Returns every pair of category and purpose that is allowed.
    #[must_use]
    pub fn grants(&self, resource: Resource, permission: Permission) -> Grants {
        let categories = |purpose: &Purpose| {
            let categories = self.categories_for(resource, permission, *purpose);
            (*purpose, categories)
        };
        Purpose::ALL.iter().map(categories).collect()
    }

    /// Returns each scope, in the normal order.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Returns whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn all_grants(&self) -> impl Iterator<Item = Grants> {
        Resource::ALL
            .iter()
            .flat_map(|resource| {
                Permission::ALL
                    .iter()
                    .map(|permission| (*resource, *permission))
            })
            .map(|(resource, permission)| self.grants(resource, permission))
    }
}

/// Returns whether `scopes` allow nothing that `of` do not, over every resource, permission, category and purpose.
///
/// Exact, because it compares all of that finite space: it is what a token may be exchanged for (RFC 8693).
#[must_use]
pub fn narrower(scopes: &Scopes, of: &Scopes) -> bool {
    scopes
        .all_grants()
        .zip(of.all_grants())
        .all(|(narrow, wide)| narrow.within(&wide))
}

/// Brings scopes to their normal form. A scope that allows nothing is left out.
impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut merged: Vec<Scope> = Vec::new();
        for scope in scopes.into_iter().filter(|scope| !scope.allows_nothing()) {
            match merged.iter_mut().find(|same| same.same_limits(&scope)) {
                Some(same) => {
                    let both = same.permissions.iter().chain(scope.permissions.iter());
                    same.permissions = both.collect();
                }
                None => merged.push(scope),
            }
        }
        let mut normal: Vec<Scope> = merged
            .iter()
            .map(|scope| without_the_given(scope, &merged))
            .collect();
        normal.retain(|scope| !scope.allows_nothing());
        normal.sort_unstable();
        Self(normal)
    }
}

/// Returns `scope` without the permissions that a scope with wider limits gives as well.
fn without_the_given(scope: &Scope, among: &[Scope]) -> Scope {
    let wider = || among.iter().filter(|other| scope.strictly_within(other));
    Scope {
        permissions: scope
            .permissions
            .iter()
            .filter(|permission| !wider().any(|other| other.permissions.has(*permission)))
            .collect(),
        ..scope.clone()
    }
}
