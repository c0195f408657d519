//! What there is to be granted: a permission on a resource. An operation names the one that it needs.

use std::fmt;

use concord_entities::vocabulary::{Code, Set};

/// What a scope opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// Referrals and the packages that travel with them.
    Referral,
    /// Survivors' consents.
    Consent,
    /// The signed papers behind consents.
    Evidence,
    /// An agency's own pseudonyms for the people it serves.
    Survivor,
    /// Memoranda of understanding.
    Mou,
    /// The caller's own agency: its applications, keys and settings.
    Agency,
    /// What other agencies offer.
    Directory,
    /// The audit log.
    Audit,
    /// Addresses that are told of changes.
    Webhook,
}

/// What may be done with a resource; its letter stands for it in a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Permission {
    /// `c`: to make one.
    Create,
    /// `r`: to read one.
    Read,
    /// `u`: to change one.
    Update,
    /// `d`: to end or remove one.
    Delete,
    /// `s`: to list them.
    Search,
}

/// The permissions that a scope gives.
pub type Permissions = Set<Permission>;

/// What an operation needs: one permission on one resource. Written `referral.r`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequiredScope {
    /// On what.
    pub resource: Resource,
    /// To do what.
    pub permission: Permission,
}

impl Resource {
    /// Every resource.
    pub const ALL: &[Self] = &[
        Self::Referral,
        Self::Consent,
        Self::Evidence,
        Self::Survivor,
        Self::Mou,
        Self::Agency,
        Self::Directory,
        Self::Audit,
        Self::Webhook,
    ];

    /// Returns the word for this resource in a scope.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Referral => "referral",
            Self::Consent => "consent",
            Self::Evidence => "evidence",
            Self::Survivor => "survivor",
            Self::Mou => "mou",
            Self::Agency => "agency",
            Self::Directory => "directory",
            Self::Audit => "audit",
            Self::Webhook => "webhook",
        }
    }

    /// Returns what it takes to create one of these.
    #[must_use]
    pub const fn create(self) -> RequiredScope {
        self.to(Permission::Create)
    }

    /// Returns what it takes to read one of these.
    #[must_use]
    pub const fn read(self) -> RequiredScope {
        self.to(Permission::Read)
    }

    /// Returns what it takes to change one of these.
    #[must_use]
    pub const fn update(self) -> RequiredScope {
        self.to(Permission::Update)
    }

    /// Returns what it takes to end or remove one of these.
    #[must_use]
    pub const fn delete(self) -> RequiredScope {
        self.to(Permission::Delete)
    }

    /// Returns what it takes to list these.
    #[must_use]
    pub const fn search(self) -> RequiredScope {
        self.to(Permission::Search)
    }

    /// Returns what it takes to do this with one of these.
    #[must_use]
    pub const fn to(self, permission: Permission) -> RequiredScope {
        RequiredScope {
            resource: self,
            permission,
        }
    }
}

impl Code for Permission {
    const ALL: &'static [Self] = &[
        Self::Create,
        Self::Read,
        Self::Update,
        Self::Delete,
        Self::Search,
    ];

    fn code(self) -> &'static str {
        match self {
            Self::Create => "c",
            Self::Read => "r",
            Self::Update => "u",
            Self::Delete => "d",
            Self::Search => "s",
        }
    }

    fn place(self) -> u32 {
        match self {
            Self::Create => 0,
            Self::Read => 1,
            Self::Update => 2,
            Self::Delete => 3,
            Self::Search => 4,
        }
    }
}

impl fmt::Display for RequiredScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.resource.name(), self.permission.code())
    }
}
