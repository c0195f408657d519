//! The hot page written by hand answers exactly as the derived type does: over documents made up at random, byte for
//! byte, whatever they alias, skip, include, repeat or put into fragments.

use std::time::Duration;

use async_graphql::{EmptyMutation, EmptySubscription, Name, Object, Schema, Value, Variables};
use concord::agency::graphql::Agency;
use concord::graphql::node::Node;
use concord::referral::connection::{ReferralConnection, TotalCount};
use concord::referral::fast::ReferralPage;
use concord::referral::graphql::Referral;
use concord::referral::listing::ReferralOrder;
use concord::referral::read::{Header, Seen};
use concord::referral::rules::actions::Blocks;
use concord::referral::rules::status::{CurrentStatus, StoredStatus};
use concord::store::page::Page;
use concord_entities::agency::{self, TextList};
use concord_entities::ids::{AgencyId, ReferralId};
use concord_entities::instant::Instant;
use concord_entities::vocabulary::{
    ActionBlock, AgencyKind, AgencyStatus, Code, Need, Needs, ReferralSide, ReferralStatus,
    StatusReason, Urgency,
};
use concord_entities::zone::Zone;
use proptest::prelude::*;

fn agency(name: &str) -> Agency {
    Agency::read(agency::Model {
        id: AgencyId(uuid::Uuid::from_u128(u128::try_from(name.len()).unwrap())),
        name: name.to_owned(),
        kind: AgencyKind::HousingProgram,
        jurisdiction: None,
        confidential_provider: true,
        status: AgencyStatus::Active,
        token_epoch: 1,
        epoch_began_at: Instant(0),
        languages: TextList(vec!["es-GT".to_owned()]),
        service_areas: TextList::default(),
        created_at: Instant(0),
        time_zone: Zone::UTC,
        answer_days: 30,
    })
}

/// Referrals in every status, with and without what may be missing, between agencies whose names need escaping.
fn page() -> ReferralConnection {
    let sender = agency("Casa \"Luz\" \\ Ñandú\n\u{1}\u{7f}\u{2028}");
    let recipient = agency("Shelter");
    let entries = ReferralStatus::ALL
        .iter()
        .enumerate()
        .map(|(place, status)| {
            let bit = |divisor: usize| (place / divisor).is_multiple_of(2);
            let moment = Instant(1_790_000_000_000_000 + i64::try_from(place).unwrap() * 1_000_500);
            let header = Header {
                id: ReferralId(uuid::Uuid::from_u128(u128::try_from(place).unwrap() << 70)),
                sender_id: sender.key(),
                recipient_id: recipient.key(),
                status: *status,
                status_reason: bit(1).then_some(StatusReason::ALL[place % StatusReason::ALL.len()]),
                needs: Need::ALL.iter().copied().take(place).collect::<Needs>(),
                urgency: Urgency::ALL[place % Urgency::ALL.len()],
                created_at: moment,
                sent_at: bit(2).then_some(moment),
                expires_at: bit(4).then_some(moment),
                respond_by: bit(4).then_some(moment.plus(Duration::from_hours(1))),
                updated_at: Instant(moment.0 / 1_000_000 * 1_000_000),
                consent_until: None,
                mou_until: None,
                halted: !bit(3),
            };
            let seen = Seen {
                current: CurrentStatus::of(&StoredStatus::from(&header), moment),
                side: if bit(2) {
                    ReferralSide::Sender
                } else {
                    ReferralSide::Recipient
                },
                overdue: bit(5),
                header,
                blocks: Blocks {
                    lacks_scope: place == 3,
                    facts: if bit(2) {
                        vec![ActionBlock::NoMou]
                    } else {
                        Vec::new()
                    },
                },
                beyond: None,
                packages: std::collections::BTreeMap::new(),
                previews: std::collections::BTreeMap::new(),
                explained: std::collections::BTreeMap::new(),
            };
            Referral::headed(seen, sender.clone(), recipient.clone())
        });
    let page = Page {
        entries: entries.collect(),
        has_next: true,
        has_previous: false,
    };
    let counted = TotalCount {
        count: 1_000,
        or_more: true,
    };
    ReferralConnection::from_page(page, ReferralOrder::Arrival, Some(counted))
}

struct Fast;
struct Typed;

#[Object(name = "Query")]
impl Fast {
    async fn referrals(&self) -> ReferralPage {
        ReferralPage(page())
    }

    /// Something besides the page that variables can be used on.
    async fn node(&self) -> Option<Node> {
        None
    }
}

#[Object(name = "Query")]
impl Typed {
    async fn referrals(&self) -> ReferralConnection {
        page()
    }

    /// Something besides the page that variables can be used on.
    async fn node(&self) -> Option<Node> {
        None
    }
}

struct Both {
    fast: Schema<Fast, EmptyMutation, EmptySubscription>,
    typed: Schema<Typed, EmptyMutation, EmptySubscription>,
    runtime: tokio::runtime::Runtime,
}

/// What the two answered.
struct Answers {
    fast: String,
    typed: String,
    by_hand: bool,
    refused: bool,
}

impl Both {
    fn new() -> Self {
        Self {
            fast: Schema::new(Fast, EmptyMutation, EmptySubscription),
            typed: Schema::new(Typed, EmptyMutation, EmptySubscription),
            runtime: tokio::runtime::Builder::new_current_thread()
                .build()
                .unwrap(),
        }
    }

    fn ask(&self, document: &str, yes: bool, no: bool) -> Answers {
        let mut variables = Variables::default();
        variables.insert(Name::new("yes"), Value::Boolean(yes));
        variables.insert(Name::new("no"), Value::Boolean(no));
        let request = || async_graphql::Request::new(document).variables(variables.clone());
        let fast = self.runtime.block_on(self.fast.execute(request()));
        let typed = self.runtime.block_on(self.typed.execute(request()));
        Answers {
            by_hand: is_by_hand(&fast.data),
            refused: !typed.errors.is_empty(),
            fast: serde_json::to_string(&fast).unwrap(),
            typed: serde_json::to_string(&typed).unwrap(),
        }
    }
}

/// Whether some field of the answer is text that was written by hand.
fn is_by_hand(data: &Value) -> bool {
    let Value::Object(fields) = data else {
        return false;
    };
    fields.values().any(|value| match value {
        Value::Object(only) => only.keys().any(|key| key.starts_with('$')),
        _ => false,
    })
}

/// The types below the page: which fields each has, and of which type those are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Leaf,
    Connection,
    Edge,
    PageInfo,
    TotalCount,
    Referral,
    Agency,
}

impl Type {
    fn fields(self) -> &'static [(&'static str, Self)] {
        use Type::{Agency, Edge, Leaf, PageInfo, Referral, TotalCount};
        match self {
            Self::Leaf => &[],
            Self::Connection => &[
                ("edges", Edge),
                ("pageInfo", PageInfo),
                ("totalCount", TotalCount),
                ("edges", Edge),
                ("__typename", Leaf),
            ],
            Self::Edge => &[
                ("node", Referral),
                ("cursor", Leaf),
                ("node", Referral),
                ("__typename", Leaf),
            ],
            Self::PageInfo => &[
                ("hasNextPage", Leaf),
                ("hasPreviousPage", Leaf),
                ("startCursor", Leaf),
                ("endCursor", Leaf),
                ("__typename", Leaf),
            ],
            Self::TotalCount => &[("count", Leaf), ("orMore", Leaf), ("__typename", Leaf)],
            Self::Referral => &[
                ("id", Leaf),
                ("status", Leaf),
                ("statusReason", Leaf),
                ("needs", Leaf),
                ("urgency", Leaf),
                ("createdAt", Leaf),
                ("sentAt", Leaf),
                ("respondBy", Leaf),
                ("overdue", Leaf),
                ("expiresAt", Leaf),
                ("updatedAt", Leaf),
                ("allowedActions", Leaf),
                ("sender", Agency),
                ("recipient", Agency),
                ("sender", Agency),
                ("recipient", Agency),
                ("__typename", Leaf),
            ],
            Self::Agency => &[
                ("id", Leaf),
                ("name", Leaf),
                ("kind", Leaf),
                ("__typename", Leaf),
            ],
        }
    }

    /// What the page written by hand does not cover.
    fn beyond(self) -> &'static [&'static str] {
        match self {
            Self::Referral => &["outcome { code }", "consent { id }", "mou { id }"],
            Self::Agency => &[
                "jurisdiction",
                "languages",
                "vetting { credible { evidence } }",
            ],
            Self::Leaf | Self::Connection | Self::Edge | Self::PageInfo | Self::TotalCount => &[],
        }
    }

    fn conditions(self) -> &'static [&'static str] {
        match self {
            Self::Leaf => &[],
            Self::Connection => &["ReferralConnection"],
            Self::Edge => &["ReferralEdge"],
            Self::PageInfo => &["PageInfo"],
            Self::TotalCount => &["TotalCount"],
            Self::Referral => &["Referral", "Node"],
            Self::Agency => &["Agency", "Node"],
        }
    }
}

/// Draws numbers from a list of random ones; a shorter list makes a simpler document, so failures shrink.
struct Dice<'a>(std::slice::Iter<'a, u8>);

impl Dice<'_> {
    fn below(&mut self, sides: usize) -> usize {
        self.0.next().map_or(0, |byte| usize::from(*byte) % sides)
    }

    fn spent(&self) -> bool {
        self.0.len() == 0
    }
}

/// A document in the making.
struct Writing<'a> {
    dice: Dice<'a>,
    fragments: Vec<String>,
}

impl Writing<'_> {
    fn document(mut self) -> String {
        let mut root = Vec::new();
        for _ in 0..=self.dice.below(8) / 6 {
            let alias = ["", "box: ", "", "other: "][self.dice.below(4)];
            let directive = self.directive();
            let below = self.selection(Type::Connection, 0);
            let field = format!("{alias}referrals{directive} {below}");
            root.push(match self.dice.below(12) {
                11 => format!("... on Query {{ {field} }}"),
                _ => field,
            });
        }
        let root = root.join(" ");
        let fragments = self.fragments.join("\n");
        format!(
            "query($yes: Boolean!, $no: Boolean!) {{ {root} anchor: node @include(if: $yes) {{ id }} \
             spare: node @skip(if: $no) {{ id }} }}\n{fragments}"
        )
    }

    fn selection(&mut self, of: Type, deep: usize) -> String {
        let mut items = Vec::new();
        for _ in 0..=self.dice.below(6) {
            items.push(self.item(of, deep));
            if self.dice.spent() {
                break;
            }
        }
        format!("{{ {} }}", items.join(" "))
    }

    fn item(&mut self, of: Type, deep: usize) -> String {
        let wraps = deep < 3;
        match self.dice.below(16) {
            12 | 13 if wraps => self.inline(of, deep),
            14 if wraps => self.spread(of, deep),
            15 if self.dice.below(12) == 11 && !of.beyond().is_empty() => {
                of.beyond()[self.dice.below(of.beyond().len())].to_owned()
            }
            _ => self.field(of),
        }
    }

    fn field(&mut self, of: Type) -> String {
        let fields = of.fields();
        let (name, kind) = fields[self.dice.below(fields.len())];
        // An alias belongs to one field, so that the same one twice is merged and never a conflict.
        let alias = match self.dice.below(5) {
            3 => format!("x_{name}: "),
            4 => format!("y_{name}: "),
            _ => String::new(),
        };
        let directive = self.directive();
        if kind == Type::Leaf {
            format!("{alias}{name}{directive}")
        } else {
            format!("{alias}{name}{directive} {}", self.selection(kind, 0))
        }
    }

    fn inline(&mut self, of: Type, deep: usize) -> String {
        let conditions = of.conditions();
        let condition = match self.dice.below(conditions.len() + 1) {
            0 => String::new(),
            place => format!(" on {}", conditions[place - 1]),
        };
        // Below a condition on the interface only its own field is sure to be there, or a condition on the type again.
        let directive = self.directive();
        if condition == " on Node" {
            let type_again = conditions[0];
            let other = if of == Type::Agency {
                "Referral"
            } else {
                "Agency"
            };
            let below = self.selection(of, deep + 1);
            format!(
                "... on Node{directive} {{ id ... on {type_again} {below} ... on {other} {{ x_other: id }} }}"
            )
        } else {
            format!("...{condition}{directive} {}", self.selection(of, deep + 1))
        }
    }

    fn spread(&mut self, of: Type, deep: usize) -> String {
        let condition = of.conditions()[0];
        let below = self.selection(of, deep + 1);
        let name = format!("F{}", self.fragments.len());
        self.fragments
            .push(format!("fragment {name} on {condition} {below}"));
        let directive = self.directive();
        match self.dice.below(3) {
            2 => format!("...{name} ...{name}{directive}"),
            _ => format!("...{name}{directive}"),
        }
    }

    fn directive(&mut self) -> &'static str {
        match self.dice.below(24) {
            18 => " @include(if: true)",
            19 => " @skip(if: true)",
            20 => " @include(if: $yes)",
            21 => " @skip(if: $no)",
            22 => " @skip(if: $no) @include(if: $yes)",
            23 => " @include(if: $no)",
            _ => "",
        }
    }
}

fn document(bytes: &[u8]) -> String {
    Writing {
        dice: Dice(bytes.iter()),
        fragments: Vec::new(),
    }
    .document()
}

#[test]
fn both_answer_alike_whatever_is_asked() {
    let both = Both::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 4000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let (by_hand, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let dice = prop::collection::vec(any::<u8>(), 0..400);
    runner
        .run(&(dice, any::<bool>(), any::<bool>()), |(dice, yes, no)| {
            let document = document(&dice);
            let answers = both.ask(&document, yes, no);
            by_hand.set(by_hand.get() + u32::from(answers.by_hand));
            refused.set(refused.get() + u32::from(answers.refused));
            if answers.refused {
                // Several faults of one document come in any order.
                prop_assert!(
                    answers.fast.starts_with("{\"data\":null,\"errors\""),
                    "{}",
                    document
                );
            } else {
                prop_assert_eq!(answers.fast, answers.typed, "{}", document);
            }
            Ok(())
        })
        .unwrap();
    // The comparison means something only where the page was written by hand and not refused by both.
    assert!(by_hand.get() > 1000, "by hand: {} of 4000", by_hand.get());
    assert!(refused.get() < 400, "refused: {} of 4000", refused.get());
}

#[test]
fn a_page_of_headers_is_written_by_hand_and_what_lies_beyond_is_not() {
    let both = Both::new();
    for (document, by_hand) in [
        (
            "{ referrals { edges { node { id status sender { id name kind } recipient { name } } cursor } \
             pageInfo { endCursor } } }",
            true,
        ),
        (
            "{ a: referrals { __typename edges { node { ... on Node { id __typename } ...H } } } } \
             fragment H on Referral { needs sentAt }",
            true,
        ),
        (
            "{ referrals { edges { node { id outcome { code } } } } }",
            false,
        ),
        (
            "{ referrals { edges { node { sender { status } } } } }",
            false,
        ),
        ("{ referrals { edges { node { consent { id } } } } }", false),
    ] {
        let answers = both.ask(document, true, true);
        assert!(!answers.refused, "{document}: {}", answers.typed);
        assert_eq!(answers.fast, answers.typed, "{document}");
        assert_eq!(answers.by_hand, by_hand, "{document}");
    }
}

#[test]
fn a_page_that_is_asked_for_twice_under_one_key_is_merged() {
    let both = Both::new();
    for document in [
        "{ referrals { edges { cursor } } referrals { pageInfo { endCursor } edges { node { id } } } }",
        "{ referrals { edges { cursor } } ... { referrals { edges { node { id } } } } }",
        "{ ...F referrals { edges { cursor } } } fragment F on Query { referrals { edges { node { id } } } }",
    ] {
        let answers = both.ask(document, true, true);
        assert!(!answers.refused, "{document}: {}", answers.typed);
        assert_eq!(answers.fast, answers.typed, "{document}");
        assert!(answers.fast.contains("\"cursor\"") && answers.fast.contains("\"id\""));
    }
}
