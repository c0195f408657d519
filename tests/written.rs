//! What is written by hand for speed reads as what the libraries write.

use async_graphql::{ScalarType, Value};
use chrono::{DateTime, SecondsFormat, Utc};
use concord::wire::scalars as wire;
use concord_entities::ids::{AgencyId, AnyId, ReferralId};
use concord_entities::instant::{Instant, InvalidTimeError};
use proptest::prelude::*;
use uuid::Uuid;

fn by_chrono(instant: Instant) -> String {
    DateTime::<Utc>::from_timestamp_micros(instant.0)
        .unwrap()
        .to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_moment_is_written_as_chrono_writes_it(
        seconds in -100_000_000_000_i64..300_000_000_000,
        fraction in prop_oneof![Just(0), (0_i64..1000).prop_map(|millis| millis * 1000), 0_i64..1_000_000],
    ) {
        let instant = Instant(seconds * 1_000_000 + fraction);
        prop_assert_eq!(instant.to_string(), by_chrono(instant));
    }

    #[test]
    fn the_wire_writes_every_moment_with_six_digits(micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000) {
        let instant = Instant(micros);
        let Value::String(text) = ScalarType::to_value(&wire::DateTime(instant)) else {
            panic!("no text");
        };
        prop_assert_eq!(text.len(), "2026-03-01T09:30:00.000000Z".len());
        let year: i32 = text[..4].parse().unwrap();
        let read = if (1900..=2200).contains(&year) { Ok(instant) } else { Err(InvalidTimeError::Year) };
        prop_assert_eq!(text.parse::<Instant>(), read);
        let later = wire::DateTime(Instant(micros + 1)).to_value();
        prop_assert!(Value::String(text).to_string() < later.to_string());
    }

    #[test]
    fn an_id_is_read_back_by_the_library(bits: u128) {
        let id = ReferralId(Uuid::from_u128(bits));
        let text = id.to_string();
        prop_assert_eq!(text.len(), "referral_".len() + 26);
        prop_assert_eq!(text.parse::<AnyId>().unwrap(), AnyId { prefix: "referral".to_owned(), uuid: id.0 });
        prop_assert!(text.parse::<AgencyId>().is_err());
    }
}

#[test]
fn the_specification_of_type_ids_has_this_example() {
    let uuid = Uuid::parse_str("01890a5d-ac96-774b-bcce-b302099a8057").unwrap();
    assert_eq!(
        ReferralId(uuid).to_string(),
        "referral_01h455vb4pex5vsknk084sn02q"
    );
    assert_eq!(
        ReferralId(Uuid::max()).to_string(),
        "referral_7zzzzzzzzzzzzzzzzzzzzzzzzz"
    );
    assert_eq!(Instant(0).to_string(), "1970-01-01T00:00:00Z");
}
