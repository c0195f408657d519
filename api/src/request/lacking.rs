//! What a request's token lacks, known before anything of the request is carried out.

use crate::access::grant::{Permissions, RequiredScope};
use crate::access::scope::{Scope, Scopes};
use crate::error::{Error, MissingScope, Result};

/// The scopes that a token lacks for each field of the root, by the field's key in the answer.
#[derive(Clone, Debug, Default)]
pub struct LackingFields(Vec<LackingField>);

#[derive(Clone, Debug)]
struct LackingField {
    key: String,
    scopes: Vec<RequiredScope>,
    missing: Vec<MissingScope>,
}

impl LackingFields {
    /// Adds a scope that is lacking, and what asks for it, by the keys of the answer.
    pub fn add(&mut self, scope: RequiredScope, path: &[String]) {
        let Some(key) = path.first() else {
            return;
        };
        let missing = MissingScope {
            scope: scope.to_string(),
            path: path.to_vec(),
        };
        if let Some(field) = self.0.iter_mut().find(|field| field.key == *key) {
            field.scopes.push(scope);
            field.missing.push(missing);
        } else {
            self.0.push(LackingField {
                key: key.clone(),
                scopes: vec![scope],
                missing: vec![missing],
            });
        }
    }

    /// Checks that the token lacks nothing for a field of the root.
    ///
    /// # Errors
    /// `FORBIDDEN_SCOPE`, naming all that it lacks.
    pub fn check(&self, key: &str) -> Result<()> {
        let Some(field) = self.0.iter().find(|field| field.key == key) else {
            return Ok(());
        };
        let scopes = field.scopes.iter().map(|scope| Scope {
            resource: scope.resource,
            permissions: Permissions::from_iter([scope.permission]),
            categories: None,
            purposes: None,
        });
        Err(Error::ForbiddenScope {
            needed: scopes.collect::<Scopes>().to_string(),
            missing: field.missing.clone(),
        }
        .into())
    }
}
