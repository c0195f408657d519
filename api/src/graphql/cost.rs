//! What an operation costs, known before it is executed.
//!
//! A cost is in units of about a microsecond of the service's processor time ([`prices`] says how they are
//! come by). Each selection has a price, times the size of every list that it hangs below: the page that was asked for, or
//! what such a list usually holds. The same sum with a price of one each is how many values the answer has at most.

use apollo_compiler::ast::Value as Literal;
use apollo_compiler::executable::{
    Directive, Field, Operation, OperationType, Selection, SelectionSet,
};
use apollo_compiler::{ExecutableDocument as Typed, Name as TypedName};
use async_graphql::{Name, Value, Variables};

use super::contract::Contract;
use super::prices::{self, PAGE_ENTRIES};
use crate::error::Error;
use crate::settings::MAX_COST;
use crate::store::page::{DEFAULT_SIZE, LARGEST_SIZE};

/// How many values an answer may have at most.
pub const MAX_VALUES: u64 = 100_000;

/// The arguments that say how large a page shall be.
const PAGE_SIZES: [&str; 2] = ["first", "last"];
/// The argument that lists the records that are asked for.
const IDS: &str = "ids";

/// What an operation comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// What it is charged.
    pub charged: u64,
    /// How many values its answer has at most.
    pub values: u64,
}

impl Cost {
    /// What no request may cost.
    pub(super) const BEYOND: Self = Self {
        charged: u64::MAX,
        values: u64::MAX,
    };

    /// Checks that one request may cost and answer so much.
    ///
    /// # Errors
    /// [`Error::QueryTooCostly`] where it may not.
    pub fn check(self) -> Result<(), Error> {
        let Self { charged, values } = self;
        let remedy = "ask for smaller pages (`first`), fewer fields of each entry, or split it into several requests";
        let fault = if charged > MAX_COST {
            format!("this operation costs {charged} and may cost {MAX_COST}: {remedy}")
        } else if values > MAX_VALUES {
            format!(
                "this operation's answer may have {values} values, and {MAX_VALUES} are allowed: {remedy}"
            )
        } else {
            return Ok(());
        };
        Err(Error::QueryTooCostly(fault.into()))
    }

    fn plus(self, other: Self) -> Self {
        Self {
            charged: self.charged.saturating_add(other.charged),
            values: self.values.saturating_add(other.values),
        }
    }

    fn times(self, size: u64) -> Self {
        Self {
            charged: self.charged.saturating_mul(size),
            values: self.values.saturating_mul(size),
        }
    }

    /// Returns the part of it that is one of so many, rounded up.
    fn shared_by(self, lists: u64) -> Self {
        Self {
            charged: self.charged.div_ceil(lists.max(1)),
            values: self.values.div_ceil(lists.max(1)),
        }
    }
}

/// What an operation costs, its variables open.
#[derive(Clone, Debug, Default)]
pub(super) struct Price {
    own: Cost,
    under: Vec<(Factor, Self)>,
}

/// How often something is in the answer.
#[derive(Clone, Debug)]
enum Factor {
    /// So often.
    Known(u64),
    /// So often in so many lists together: in the mean, which is rounded only where all is summed up, as rounded means of lists
    /// within lists would multiply.
    Mean(u64, u64),
    /// As often as the larger of what is written and what these variables say; a page's usual size where none says any.
    Page(Option<u64>, Vec<Name>),
    /// As many as this variable lists.
    Listed(Name),
    /// Once, where this variable is so.
    Is(Name, bool),
}

impl Factor {
    fn with(&self, variables: &Variables) -> u64 {
        match self {
            Self::Known(size) | Self::Mean(size, _) => *size,
            Self::Page(written, names) => {
                let given = names.iter().filter_map(|name| match variables.get(name) {
                    Some(Value::Number(size)) => Some(size.as_u64().unwrap_or(0)),
                    Some(_) | None => None,
                });
                // What is beyond is refused when the page is asked for.
                let size = given.chain(*written).max();
                size.unwrap_or(DEFAULT_SIZE).min(LARGEST_SIZE)
            }
            Self::Listed(name) => match variables.get(name) {
                Some(Value::List(items)) => u64::try_from(items.len()).unwrap_or(u64::MAX),
                Some(_) | None => 1,
            },
            Self::Is(name, wanted) => {
                u64::from(variables.get(name) == Some(&Value::Boolean(*wanted)))
            }
        }
    }
}

impl Price {
    /// Prices an operation of a valid document that keeps to the limits of selections and depth.
    pub(super) fn of(contract: &Contract, document: &Typed, operation: &Operation) -> Self {
        let pricing = Pricing { contract, document };
        let mut price = Self {
            own: Cost {
                charged: prices::REQUEST,
                values: 0,
            },
            under: Vec::new(),
        };
        let place = Place {
            root: Some(operation.operation_type),
            page: None,
            of_every_type: false,
        };
        pricing.set(&operation.selection_set, &place, &mut price);
        price
    }

    /// Returns what it comes to with these variables.
    pub(super) fn with(&self, variables: &Variables) -> Cost {
        let Cost { charged, values } = self.sum(variables);
        Cost {
            charged: charged.saturating_add(values / prices::VALUES_A_UNIT),
            values,
        }
    }

    fn sum(&self, variables: &Variables) -> Cost {
        self.under.iter().fold(self.own, |sum, (factor, price)| {
            let under = price.sum(variables).times(factor.with(variables));
            sum.plus(match factor {
                Factor::Mean(_, lists) => under.shared_by(*lists),
                Factor::Known(_) | Factor::Page(..) | Factor::Listed(_) | Factor::Is(..) => under,
            })
        })
    }

    /// Adds what is in the answer as often as all factors say together.
    fn add(&mut self, factors: Vec<Factor>, inner: Self) {
        let nested = |inner, factor| Self {
            own: Cost::default(),
            under: vec![(factor, inner)],
        };
        let inner = factors.into_iter().rev().fold(inner, nested);
        self.own = self.own.plus(inner.own);
        self.under.extend(inner.under);
    }
}

/// Where a selection stands.
struct Place {
    /// Which operation's root it is of.
    root: Option<OperationType>,
    /// The size of the page that it is of.
    page: Option<Factor>,
    /// Whether it is of every type that the schema has, once.
    of_every_type: bool,
}

struct Pricing<'d> {
    contract: &'d Contract,
    document: &'d Typed,
}

impl Pricing<'_> {
    // Fragments are followed wherever they are spread: how many selections that comes to is limited before.
    fn set(&self, set: &SelectionSet, place: &Place, price: &mut Price) {
        for selection in &set.selections {
            let directives = selection.directives().iter();
            let factors = directives.filter_map(|one| condition(one)).collect();
            let mut inner = Price::default();
            match selection {
                Selection::Field(field) => self.field(&set.ty, field, place, &mut inner),
                Selection::InlineFragment(inline) => {
                    self.set(&inline.selection_set, place, &mut inner);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        self.set(&fragment.selection_set, place, &mut inner);
                    }
                }
            }
            price.add(factors, inner);
        }
    }

    fn field(&self, parent: &TypedName, field: &Field, place: &Place, price: &mut Price) {
        price.own = price.own.plus(Cost {
            charged: prices::of_field(place.root, parent, field),
            values: 1,
        });
        let is_list = field.ty().is_list();
        let size = match &place.page {
            Some(size) if PAGE_ENTRIES.contains(&field.name.as_str()) => Some(size.clone()),
            Some(_) | None => is_list.then(|| self.list_size(parent, field, place)),
        };
        let mut item = Price {
            own: Cost {
                charged: prices::of_object(&self.contract.schema, field.ty().inner_named_type()),
                values: u64::from(is_list),
            },
            under: Vec::new(),
        };
        let below = Place {
            root: None,
            page: self.is_page(field).then(|| page_size(field)),
            of_every_type: match field.name.as_str() {
                "types" => parent == "__Schema",
                "fields" | "inputFields" => place.of_every_type,
                _ => false,
            },
        };
        self.set(&field.selection_set, &below, &mut item);
        price.add(size.into_iter().collect(), item);
    }

    /// Returns whether a field leads to a page of a list.
    fn is_page(&self, field: &Field) -> bool {
        let ty = field.ty().inner_named_type();
        self.contract.schema.type_field(ty, "pageInfo").is_ok()
    }

    /// Returns how much a list holds that is no page.
    fn list_size(&self, parent: &TypedName, field: &Field, place: &Place) -> Factor {
        let ids = field.specified_argument_by_name(IDS);
        Factor::Known(match ids.map(AsRef::as_ref) {
            Some(Literal::Variable(name)) => return Factor::Listed(Name::new(name)),
            Some(Literal::List(ids)) => u64::try_from(ids.len()).unwrap_or(u64::MAX),
            Some(_) => 1,
            None if parent.starts_with("__") => {
                let introspection = &self.contract.introspection;
                let (entries, lists) = introspection.length(&field.name, place.of_every_type);
                return Factor::Mean(entries, lists);
            }
            None => prices::list_size(parent, field),
        })
    }
}

/// Returns how large the page is that a field asks for, from whichever end.
fn page_size(field: &Field) -> Factor {
    let (mut written, mut variables) = (None, Vec::new());
    let given = PAGE_SIZES
        .iter()
        .filter_map(|name| field.specified_argument_by_name(name));
    for size in given {
        match size.as_ref() {
            Literal::Variable(name) => variables.push(Name::new(name)),
            Literal::Int(size) => {
                let size = size.try_to_i32().unwrap_or(i32::MAX);
                written = written.max(Some(u64::try_from(size).unwrap_or(0)));
            }
            Literal::Null
            | Literal::Enum(_)
            | Literal::String(_)
            | Literal::Float(_)
            | Literal::Boolean(_)
            | Literal::List(_)
            | Literal::Object(_) => {}
        }
    }
    Factor::Page(written, variables)
}

/// Returns whether a directive lets a selection be, as a factor.
fn condition(directive: &Directive) -> Option<Factor> {
    let wanted = match directive.name.as_str() {
        "include" => true,
        "skip" => false,
        _ => return None,
    };
    match directive.specified_argument_by_name("if")?.as_ref() {
        Literal::Boolean(given) => Some(Factor::Known(u64::from(*given == wanted))),
        Literal::Variable(name) => Some(Factor::Is(Name::new(name), wanted)),
        Literal::Null
        | Literal::Enum(_)
        | Literal::String(_)
        | Literal::Float(_)
        | Literal::Int(_)
        | Literal::List(_)
        | Literal::Object(_) => None,
    }
}
