//! Every list that is answered is the one that a reader would make by hand: of generated rows, with every filter that goes
//! together, in every order, forwards and backwards.

use std::time::Duration;

use concord::clock;
use concord::referral::rules::status::{CurrentStatus, StoredStatus};
use concord_entities::ids::ReferralId;
use concord_entities::instant::Instant;
use concord_entities::referral;
use concord_entities::vocabulary::DataCategory::Identity;
use concord_entities::vocabulary::{Code, Need, Needs, ReferralStatus, Urgency};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sea_orm::{EntityTrait, IntoActiveModel};
use serde_json::{Map, Value, json};

use crate::world::agency::text;
use crate::world::{Agency, World, on_both};

/// How many rows are generated, and how many lists are asked for.
const ROWS: usize = 150;
const LISTS: usize = 60;

/// Who of the recipient's people take referrals on.
const PEOPLE: [&str; 2] = ["hanna", "ilse"];

/// Hours before now, or after it; never close to it, so that nothing changes meanwhile.
fn hours(from: i64, to: i64) -> impl Strategy<Value = i64> {
    (from..=to).prop_filter("not now", |hours| *hours != 0)
}

fn at(now: Instant, hours: i64) -> Instant {
    let aside = Duration::from_hours(hours.unsigned_abs());
    if hours < 0 {
        now.minus(aside)
    } else {
        now.plus(aside)
    }
}

fn rows(like: Vec<referral::Model>, now: Instant) -> impl Strategy<Value = referral::Model> {
    let by_time = [ReferralStatus::Suspended, ReferralStatus::Expired];
    let stored: Vec<_> = ReferralStatus::ALL
        .iter()
        .copied()
        .filter(|status| !by_time.contains(status))
        .collect();
    let needs = prop::sample::subsequence(Need::ALL.to_vec(), 1..=3);
    (
        prop::sample::select(like),
        prop_oneof![
            Just(ReferralStatus::Requested),
            prop::sample::select(stored)
        ],
        prop::bool::weighted(0.1),
        (
            prop::option::weighted(0.5, hours(-3, 9)),
            prop::option::weighted(0.5, hours(-3, 9)),
            hours(-3, 9),
            hours(-5, 5),
        ),
        (hours(-9, -1), hours(-9, -1), 0..=1_i64),
        (needs, prop::sample::select(Urgency::ALL.to_vec())),
        prop::option::of(prop::sample::select(PEOPLE.to_vec())),
    )
        .prop_map(move |(like, status, halted, ends, times, told, assignee)| {
            let (consent_until, mou_until, expires, respond_by) = ends;
            let (sent, updated, settled) = times;
            let drafted = status == ReferralStatus::Draft;
            let sent = (!drafted).then(|| at(now, sent));
            referral::Model {
                id: ReferralId::new(),
                status,
                halted,
                consent_until: consent_until.map(|hours| at(now, hours)),
                mou_until: mou_until.map(|hours| at(now, hours)),
                expires_at: sent.map(|_| at(now, expires)),
                respond_by: sent.map(|_| at(now, respond_by)),
                sent_at: sent,
                updated_at: at(now, updated),
                settled_at: Instant(now.0 * settled),
                needs: told.0.into_iter().collect::<Needs>(),
                urgency: told.1,
                assignee: assignee.map(str::to_owned),
                ..like
            }
        })
}

/// A list that is asked for, and the rule by which a reader would make it.
#[derive(Debug)]
struct Asked {
    inbox: bool,
    order: &'static str,
    filter: Map<String, Value>,
}

/// The kinds of lists that go together, as the documents list them.
fn asked(like: &[referral::Model], now: Instant) -> impl Strategy<Value = Asked> + use<> {
    let like = prop::sample::select(like.to_vec());
    let statuses = prop::sample::subsequence(ReferralStatus::ALL.to_vec(), 1..=3);
    let needs = prop::sample::subsequence(Need::ALL.to_vec(), 1..=3);
    let urgencies = prop::sample::subsequence(Urgency::ALL.to_vec(), 1..=2);
    (
        any::<bool>(),
        0..6_usize,
        0..6_usize,
        (like, statuses, needs, urgencies),
        (hours(-9, -1), hours(-9, -1), any::<bool>(), any::<bool>()),
    )
        .prop_map(move |(inbox, kind, narrowing, some, times)| {
            let (like, statuses, needs, urgencies) = some;
            let (since, before, by_time, by_status) = times;
            let mut filter = Map::new();
            let codes = |statuses: &[ReferralStatus]| {
                json!(statuses.iter().map(|one| one.code()).collect::<Vec<_>>())
            };
            let moment = |hours: i64| json!(at(now, hours).in_full().to_string());
            let own = if inbox { "ARRIVAL" } else { "LAST_CHANGE" };
            let order = match kind {
                0 => "ARRIVAL",
                1 => "LAST_CHANGE",
                2 | 3 => "MOST_URGENT",
                _ => own,
            };
            match kind {
                2 => {
                    filter.insert("overdue".to_owned(), json!(true));
                }
                5 => {
                    let survivor = !inbox && by_time;
                    let (name, id) = if survivor {
                        ("survivor", like.survivor_id.to_string())
                    } else {
                        ("consent", like.consent_id.to_string())
                    };
                    filter.insert(name.to_owned(), json!(id));
                }
                _ => {}
            }
            if by_status && kind > 2 || kind == 3 {
                filter.insert("statuses".to_owned(), codes(&statuses));
            }
            if kind > 3 {
                let other = if inbox {
                    like.sender_id
                } else {
                    like.recipient_id
                };
                let (name, value) = match narrowing {
                    0 => (
                        "needs",
                        json!(needs.iter().map(|one| one.code()).collect::<Vec<_>>()),
                    ),
                    1 => (
                        "urgencies",
                        json!(urgencies.iter().map(|one| one.code()).collect::<Vec<_>>()),
                    ),
                    2 => ("counterpart", json!(other.to_string())),
                    3 => ("mou", json!(like.mou_id.unwrap().to_string())),
                    4 if inbox => ("assignee", json!(PEOPLE[usize::from(by_status)])),
                    _ => ("", Value::Null),
                };
                if !name.is_empty() {
                    filter.insert(name.to_owned(), value);
                }
            }
            if by_time && order == "ARRIVAL" {
                filter.insert("sentSince".to_owned(), moment(since.min(before) - 1));
                filter.insert("sentBefore".to_owned(), moment(since.max(before)));
            } else if by_time && order == "LAST_CHANGE" {
                filter.insert("updatedSince".to_owned(), moment(since));
            }
            Asked {
                inbox,
                order,
                filter,
            }
        })
}

impl Asked {
    /// The rows of the list, in its order, as a reader would find them.
    fn by_hand(&self, rows: &[referral::Model], now: Instant) -> Vec<String> {
        let mut found: Vec<_> = rows.iter().filter(|row| self.has(row, now)).collect();
        let time = |row: &referral::Model| match self.order {
            "ARRIVAL" => row.sent_at,
            "LAST_CHANGE" => Some(row.updated_at),
            _ => row.respond_by,
        };
        found.sort_by_key(|row| (time(row), row.id));
        if self.order != "MOST_URGENT" {
            found.reverse();
        }
        found.iter().map(|row| row.id.to_string()).collect()
    }

    fn has(&self, row: &referral::Model, now: Instant) -> bool {
        let status = CurrentStatus::of(&StoredStatus::from(row), now).status;
        let other = if self.inbox {
            row.sender_id
        } else {
            row.recipient_id
        };
        let among = |name: &str, holds: &dyn Fn(&str) -> bool| match self.filter.get(name) {
            None => true,
            Some(Value::Array(any)) => any.iter().any(|one| holds(one.as_str().unwrap())),
            Some(one) => holds(one.as_str().unwrap()),
        };
        let since = |name: &str, at: Option<Instant>| match self.filter.get(name) {
            None => true,
            Some(moment) => {
                at.is_some_and(|at| at >= moment.as_str().unwrap().parse::<Instant>().unwrap())
            }
        };
        let listed = match self.order {
            "ARRIVAL" => row.sent_at.is_some(),
            "MOST_URGENT" => row.respond_by.is_some(),
            _ => true,
        };
        let overdue = status == ReferralStatus::Requested && row.respond_by.unwrap() <= now;
        listed
            && (!self.inbox || row.sent_at.is_some())
            && among("statuses", &|code| code == status.code())
            && among("urgencies", &|code| code == row.urgency.code())
            && among("needs", &|code| {
                row.needs.has(Need::from_code(code).unwrap())
            })
            && among("counterpart", &|id| id == other.to_string())
            && among("mou", &|id| id == row.mou_id.unwrap().to_string())
            && among("assignee", &|sub| row.assignee.as_deref() == Some(sub))
            && among("consent", &|id| id == row.consent_id.to_string())
            && among("survivor", &|id| id == row.survivor_id.to_string())
            && (!self.filter.contains_key("overdue") || overdue)
            && since("sentSince", row.sent_at)
            && since("updatedSince", Some(row.updated_at))
            && (!self.filter.contains_key("sentBefore") || !since("sentBefore", row.sent_at))
    }

    /// The same, as the service answers it: in pages of seven, from either end.
    async fn answered(&self, agency: &Agency, forwards: bool) -> (Vec<String>, u64) {
        let (many, from, cursor, more) = if forwards {
            ("first", "after", "endCursor", "hasNextPage")
        } else {
            ("last", "before", "startCursor", "hasPreviousPage")
        };
        let query = "query($box: Box!, $f: ReferralFilter, $o: ReferralOrder, $first: Int, $after: String, $last: Int, \
            $before: String) { referrals(box: $box, filter: $f, orderBy: $o, first: $first, after: $after, last: $last, \
            before: $before) { totalCount { count } edges { node { id } } \
            pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
        let which = if self.inbox { "INBOX" } else { "OUTBOX" };
        let (mut all, mut place) = (Vec::<String>::new(), Value::Null);
        loop {
            let variables = json!({
                "box": which, "f": self.filter, "o": self.order, many: 7, from: place,
            });
            let answer = agency.asks(query, variables).await;
            let page = answer.data()["referrals"].clone();
            let edges = page["edges"].as_array().unwrap().iter();
            let ids: Vec<_> = edges.map(|edge| text(&edge["node"]["id"])).collect();
            if forwards {
                all.extend(ids);
            } else {
                all.splice(0..0, ids);
            }
            if page["pageInfo"][more] == false {
                return (all, page["totalCount"]["count"].as_u64().unwrap());
            }
            place = page["pageInfo"][cursor].clone();
        }
    }
}

on_both!(every_list_is_the_one_that_its_reader_would_make_by_hand);
async fn every_list_is_the_one_that_its_reader_would_make_by_hand(world: World) {
    let (north, south) = world.agencies("north", "south").await;
    let west = world.agency("west").await;
    north.agrees_with(&west).await;
    west.agrees_with(&south).await;
    for (sender, recipient, people) in [
        (&north, &south, ["Ada", "Grace"]),
        (&north, &west, ["Rosa", "Emma"]),
        (&west, &south, ["Ida", "Lena"]),
    ] {
        for person in people {
            sender
                .refers(person)
                .to(recipient)
                .sharing([Identity])
                .await;
        }
    }
    let store = &world.service.store;
    let read = async || {
        let (sent, received) = (
            referral::Entity::outbox(north.id).all(&store.read).await,
            referral::Entity::inbox(south.id).all(&store.read).await,
        );
        let mut all: Vec<_> = sent.unwrap().into_iter().chain(received.unwrap()).collect();
        all.sort_by_key(|row| row.id);
        all.dedup_by_key(|row| row.id);
        all
    };
    let like = read().await;
    assert_eq!(like.len(), 6);
    let now = clock::of(&store.read).await.unwrap();
    let mut runner = TestRunner::default();
    let made: Vec<_> = {
        let strategy = rows(like.clone(), now);
        (0..ROWS)
            .map(|_| strategy.new_tree(&mut runner).unwrap().current())
            .collect()
    };
    referral::Entity::insert_many(made.into_iter().map(IntoActiveModel::into_active_model))
        .exec_without_returning(&store.write)
        .await
        .unwrap();
    let all = read().await;
    let mut met = 0;
    for _ in 0..LISTS {
        let asked = asked(&like, now).new_tree(&mut runner).unwrap().current();
        let (agency, rows): (_, Vec<_>) = if asked.inbox {
            let theirs = all.iter().filter(|row| row.recipient_id == south.id);
            (&south, theirs.cloned().collect())
        } else {
            let theirs = all.iter().filter(|row| row.sender_id == north.id);
            (&north, theirs.cloned().collect())
        };
        let expected = asked.by_hand(&rows, now);
        met += expected.len();
        for forwards in [true, false] {
            let (answered, count) = asked.answered(agency, forwards).await;
            assert_eq!(answered, expected, "{asked:?}");
            assert_eq!(count, u64::try_from(expected.len()).unwrap(), "{asked:?}");
        }
    }
    assert!(met > LISTS, "{met} entries were met");
}
