//! Which scopes an operation asks for, found from its selections before any of it is executed.
//!
//! What does not depend on variables is found once a document and kept with it. A field of the root whose token lacks
//! something is refused whole, before anything of it is done or read, and names all that it lacks.

use std::sync::Arc;

use async_graphql::parser::types::{
    Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection,
    SelectionSet,
};
use async_graphql::{Name, Pos, Positioned, Value, Variables};

use super::output_types::{OutputTypes, root_of};
use super::records::{RecordKindScope, guarded_field, operation_scope, record_kind};
use crate::access::grant::RequiredScope;
use crate::access::scope::Scopes;
use crate::request::LackingFields;

/// The arguments by which a field of the root is told the ids of the records that it leads to.
const ID_ARGUMENTS: [&str; 2] = ["id", "ids"];

/// What each operation of a document asks for, by the place of its selections.
#[derive(Clone, Debug)]
pub struct DocumentScopes(Vec<(Pos, Vec<NeededScope>)>);

/// A scope that a selection asks for, where its conditions hold.
#[derive(Clone, Debug)]
struct NeededScope {
    scope: RequiredScope,
    /// What is selected, by the keys of the answer.
    path: Vec<String>,
    /// How many keys of the path lead to the record; one more shows what is read of it.
    edge: usize,
    conditions: Vec<Condition>,
}

/// What a selection depends on.
#[derive(Clone, Debug)]
enum Condition {
    /// `@skip` or `@include` by a variable.
    Is(Name, bool),
    /// That a field's arguments name an id of this prefix.
    Names(Arc<Field>, &'static str),
}

impl DocumentScopes {
    /// Finds what each operation of a document asks for. What does not fit the schema asks for nothing: validation
    /// refuses it.
    #[must_use]
    pub fn of(types: &OutputTypes, document: &ExecutableDocument) -> Self {
        let operations = document.operations.iter().map(|(_, operation)| {
            let operation = &operation.node;
            let mut search = Search {
                types,
                document,
                needed: Vec::new(),
            };
            let at = Place {
                root: Some(operation.ty),
                ..Place::of(root_of(operation))
            };
            search.set(&operation.selection_set.node, &at);
            (operation.selection_set.pos, search.needed)
        });
        Self(operations.collect())
    }

    /// Returns what these scopes lack of what an operation asks for, field by field of its root.
    #[must_use]
    pub fn lacking(
        &self,
        operation: &OperationDefinition,
        variables: &Variables,
        scopes: &Scopes,
    ) -> LackingFields {
        let mut lacking = LackingFields::default();
        let mut told: Vec<(RequiredScope, &[String])> = Vec::new();
        let place = operation.selection_set.pos;
        let needed = self.0.iter().filter(|(at, _)| *at == place);
        for one in needed.flat_map(|(_, needed)| needed) {
            if scopes.reaches(one.scope) || !one.holds(variables) {
                continue;
            }
            let edge = (one.scope, one.path.get(..one.edge).unwrap_or_default());
            if !told.contains(&edge) {
                told.push(edge);
                lacking.add(one.scope, &one.path);
            }
        }
        lacking
    }
}

impl NeededScope {
    fn holds(&self, variables: &Variables) -> bool {
        self.conditions.iter().all(|condition| match condition {
            Condition::Is(name, wanted) => variables.get(name) == Some(&Value::Boolean(*wanted)),
            Condition::Names(field, prefix) => names(field, prefix, variables),
        })
    }
}

/// Returns whether the arguments of a field name an id of this prefix.
fn names(field: &Field, prefix: &str, variables: &Variables) -> bool {
    let arguments = ID_ARGUMENTS.iter();
    let mut ids = arguments.filter_map(|name| field.get_argument(name));
    ids.any(|ids| {
        let value = |name| variables.get(&name).cloned().ok_or(());
        match ids.node.clone().into_const_with(value) {
            Ok(Value::List(ids)) => ids.iter().any(|id| has_prefix(id, prefix)),
            Ok(id) => has_prefix(&id, prefix),
            Err(()) => false,
        }
    })
}

fn has_prefix(id: &Value, prefix: &str) -> bool {
    let Value::String(id) = id else {
        return false;
    };
    id.rsplit_once('_').is_some_and(|(kind, _)| kind == prefix)
}

/// Where a selection stands.
#[derive(Clone)]
struct Place {
    /// The type that it is of.
    parent: Name,
    path: Vec<String>,
    conditions: Vec<Condition>,
    /// Which operation's root it is.
    root: Option<OperationType>,
    /// Whether it is of a mutation's answer, and of no record yet.
    in_answer: bool,
    /// The field of the root whose arguments name the ids of the objects here.
    found_by: Option<Arc<Field>>,
    /// The record that it is of, where some of its fields ask for nothing.
    named: Option<NamedRecord>,
}

/// A record of which some fields ask for nothing.
#[derive(Clone, Copy)]
struct NamedRecord {
    kind: &'static RecordKindScope,
    /// Whether its id is the answer to a mutation.
    answered: bool,
}

impl NamedRecord {
    fn tells(self, field: &str) -> bool {
        self.kind.naming.contains(&field) || (self.answered && field == "id")
    }
}

impl Place {
    fn of(parent: Name) -> Self {
        Self {
            parent,
            path: Vec::new(),
            conditions: Vec::new(),
            root: None,
            in_answer: false,
            found_by: None,
            named: None,
        }
    }

    /// Returns the same place where the directives let a selection be; none where they never do.
    fn under(&self, directives: &[Positioned<Directive>]) -> Option<Self> {
        let mut place = self.clone();
        for directive in directives {
            let wanted = match directive.node.name.node.as_str() {
                "include" => true,
                "skip" => false,
                _ => continue,
            };
            let given = directive.node.get_argument("if")?.node.clone();
            match given.into_const_with(Err) {
                Ok(given) if given == Value::Boolean(wanted) => {}
                Ok(_) => return None,
                Err(variable) => place.conditions.push(Condition::Is(variable, wanted)),
            }
        }
        Some(place)
    }

    /// Returns the place of a field's own selections.
    fn of_field(&self, field: &Field, led_to: &Name) -> Self {
        let mut path = self.path.clone();
        path.push(field.response_key().node.to_string());
        Self {
            path,
            conditions: self.conditions.clone(),
            ..Self::of(led_to.clone())
        }
    }
}

/// The search for what one operation asks for. It descends no further than selections nest, which is limited before.
struct Search<'d> {
    types: &'d OutputTypes,
    document: &'d ExecutableDocument,
    needed: Vec<NeededScope>,
}

impl Search<'_> {
    fn set(&mut self, set: &SelectionSet, place: &Place) {
        for selection in &set.items {
            let Some(place) = place.under(selection.node.directives()) else {
                continue;
            };
            match &selection.node {
                Selection::Field(field) => self.field(&field.node, &place),
                Selection::InlineFragment(inline) => {
                    let condition = inline.node.type_condition.as_ref();
                    let on = condition.map(|condition| &condition.node.on.node);
                    let place = self.narrowed(place, on);
                    self.set(&inline.node.selection_set.node, &place);
                }
                Selection::FragmentSpread(spread) => {
                    let name = &spread.node.fragment_name.node;
                    if let Some(fragment) = self.document.fragments.get(name) {
                        let on = &fragment.node.type_condition.node.on.node;
                        let place = self.narrowed(place, Some(on));
                        self.set(&fragment.node.selection_set.node, &place);
                    }
                }
            }
        }
    }

    /// Returns the place within a fragment on this type.
    fn narrowed(&self, place: Place, on: Option<&Name>) -> Place {
        let narrower = |on: &&Name| **on != place.parent && self.types.objects_of(on).is_none();
        let Some(on) = on.filter(narrower) else {
            return place;
        };
        let mut place = place;
        place.parent = on.clone();
        if let (Some(field), Some(kind)) = (place.found_by.clone(), record_kind(on)) {
            place.conditions.push(Condition::Names(field, kind.prefix));
        }
        place
    }

    fn field(&mut self, field: &Field, place: &Place) {
        let name = field.name.node.as_str();
        let Some(led_to) = self.types.led_to(&place.parent, name) else {
            return;
        };
        let mut below = place.of_field(field, led_to);
        if let Some(named) = place.named.filter(|named| !named.tells(name)) {
            self.asks(named.kind.resource.read(), &below, place.path.len());
        }
        if let Some(scope) = guarded_field(&place.parent, name) {
            self.asks(scope, &below, below.path.len());
        }
        match place.root {
            Some(operation) => self.root(operation, field, &mut below),
            // What a page's entries ask for, the page has asked for.
            None if self.types.is_entry(&place.parent) => {}
            None => self.edge(place, &mut below),
        }
        self.set(&field.selection_set.node, &below);
    }

    /// Notes what a field of the root asks for.
    fn root(&mut self, operation: OperationType, field: &Field, below: &mut Place) {
        if let Some(scope) = operation_scope(&field.name.node) {
            self.asks(scope, below, 1);
        }
        let kind = record_kind(&below.parent);
        if operation == OperationType::Mutation {
            below.in_answer = kind.is_none();
            below.named = kind.map(|kind| NamedRecord {
                kind,
                answered: true,
            });
        } else if let Some(kind) = kind {
            self.asks(kind.resource.read(), below, 1);
        } else if let Some(kind) = self.entry_kind(below) {
            self.asks(kind.resource.search(), below, 1);
        } else {
            let found_by = Arc::new(Field {
                selection_set: Positioned::default(),
                ..field.clone()
            });
            for kind in self.object_kinds(below) {
                let mut found = below.clone();
                let names = Condition::Names(Arc::clone(&found_by), kind.prefix);
                found.conditions.push(names);
                self.asks(kind.resource.read(), &found, 1);
            }
            below.found_by = Some(found_by);
        }
    }

    /// Notes what a field below the root asks for, where it leads to a record or several.
    fn edge(&mut self, place: &Place, below: &mut Place) {
        let edge = below.path.len();
        if let Some(kind) = record_kind(&below.parent) {
            let answered = place.in_answer;
            if answered || !kind.naming.is_empty() {
                below.named = Some(NamedRecord { kind, answered });
            } else {
                self.asks(kind.resource.read(), below, edge);
            }
        } else if let Some(kind) = self.entry_kind(below) {
            self.asks(kind.resource.read(), below, edge);
        } else {
            for kind in self.object_kinds(below) {
                self.asks(kind.resource.read(), below, edge);
            }
            below.in_answer = place.in_answer;
        }
    }

    /// Returns the kind of a page's entries.
    fn entry_kind(&self, place: &Place) -> Option<&'static RecordKindScope> {
        record_kind(self.types.entries_of(&place.parent)?)
    }

    /// Returns the kinds that an interface or a union stands for.
    fn object_kinds(&self, place: &Place) -> Vec<&'static RecordKindScope> {
        let objects = self.types.objects_of(&place.parent);
        let kinds = objects.into_iter().flatten();
        kinds.filter_map(|object| record_kind(object)).collect()
    }

    fn asks(&mut self, scope: RequiredScope, selected: &Place, edge: usize) {
        self.needed.push(NeededScope {
            scope,
            path: selected.path.clone(),
            edge,
            conditions: selected.conditions.clone(),
        });
    }
}
