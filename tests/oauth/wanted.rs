//! What may be asked for: some of what may be granted, and nothing else. Of any two scopes.

use concord::access::scope::{Scope, Scopes, narrower};
use concord::oauth::client::Client;
use concord::oauth::fault::{OauthError, OauthErrorCode};
use concord::oauth::form::FormParameters;
use proptest::prelude::*;

use super::partner::encoded;
use crate::access::scope::scopes_and_less;

/// What is granted where a form asks for `text` under this ceiling.
fn granted(text: &str, ceiling: &Scopes) -> Option<Scopes> {
    let form = FormParameters::parse(encoded(&[("scope", text)]).as_bytes()).unwrap();
    match Client::wanted(&form, ceiling, ceiling) {
        Ok(granted) => Some(granted),
        Err(fault) => {
            assert_eq!(fault.kind, OauthErrorCode::InvalidScope);
            None
        }
    }
}

fn of(list: Vec<Scope>) -> Scopes {
    list.into_iter().collect()
}

proptest! {
    /// Granted is what was asked for, letter by letter in meaning, exactly where that is not more than may be.
    #[test]
    fn what_is_asked_for_is_granted_exactly_where_it_is_no_more((ceiling, less) in scopes_and_less(), up in any::<bool>()) {
        let (ceiling, less) = (of(ceiling), of(less));
        let (wanted, ceiling) = if up { (ceiling, less) } else { (less, ceiling) };
        let text = wanted.to_string();
        let granted = granted(&text, &ceiling);
        if wanted.is_empty() {
            // No scope asked for is all that may be granted; of nothing nothing is (RFC 6749, 3.3).
            prop_assert_eq!(granted, Some(ceiling.clone()).filter(|ceiling| !ceiling.is_empty()));
        } else if narrower(&wanted, &ceiling) {
            prop_assert_eq!(granted, Some(wanted));
        } else {
            prop_assert_eq!(granted, None);
        }
    }

    /// One letter that is wrong spoils the whole, also under a ceiling that allows everything.
    #[test]
    fn a_text_that_cannot_be_read_grants_nothing((all, _) in scopes_and_less(), place in any::<prop::sample::Index>(), letter in "[ a-zA-Z.,?&=*%]") {
        let text = of(all.clone()).to_string();
        let place = place.index(text.len() + 1);
        let spoiled = format!("{}{letter}{}", &text[..place], &text[place..]);
        match (Scopes::parse(&spoiled), granted(&spoiled, &of(all))) {
            (Err(_), granted) => prop_assert_eq!(granted, None),
            (Ok(read), Some(granted)) => prop_assert_eq!(read, granted),
            (Ok(_), None) => {}
        }
    }

    /// A refusal suggests what the client can get: something of the token that it brings and of what it was registered for.
    #[test]
    fn what_is_suggested_can_be_had((one, less) in scopes_and_less(), (other, _) in scopes_and_less()) {
        let (one, less, other) = (of(one), of(less), of(other));
        let both = one.and(&other);
        prop_assert!(narrower(&both, &one) && narrower(&both, &other));
        prop_assert_eq!(both.is_empty(), other.and(&one).is_empty());
        // Nothing that both allow is missed.
        let within = one.and(&less);
        prop_assert!(narrower(&less, &within) && narrower(&within, &less));
        let told = OauthError::scope(&both).description.into_owned();
        match told.split_once("such as ") {
            Some((_, open)) => {
                let open = Scopes::parse(open).unwrap();
                prop_assert!(!open.is_empty() && narrower(&open, &one) && narrower(&open, &other));
            }
            None => prop_assert!(both.is_empty(), "{told}"),
        }
    }

    /// However often a token is narrowed, it never allows more than the first.
    #[test]
    fn narrowing_never_widens((first, second) in scopes_and_less(), (third, fourth) in scopes_and_less()) {
        let first = of(first);
        let mut now = first.clone();
        for wanted in [of(second), of(third), of(fourth)] {
            now = granted(&wanted.to_string(), &now).unwrap_or(now);
            prop_assert!(narrower(&now, &first));
        }
    }
}
