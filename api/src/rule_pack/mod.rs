//! Rule packs: the confidentiality laws that bind an agency.

pub mod graphql;
