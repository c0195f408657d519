//! Where settings are written: a file, the environment, flags. The later wins.

use std::collections::HashMap;
use std::path::Path;

use config::{Config, ConfigError, Environment, File, FileFormat};

use super::keys::{KEY_VARIABLE, OTHER_KEY_VARIABLE};

/// Reads them all, as the kind of settings that is asked for.
///
/// # Errors
/// What is wrong with them, and no password that stands in them.
pub(super) fn read<S: serde::Serialize + serde::de::DeserializeOwned>(
    file: Option<&Path>,
    flags: &S,
) -> Result<S, String> {
    let mut sources = Config::builder();
    if let Some(path) = file {
        sources = sources.add_source(File::from_str(&text(path)?, FileFormat::Toml));
    }
    let environment = Environment::with_prefix("CONCORD")
        .prefix_separator("_")
        .try_parsing(true)
        .list_separator(",")
        .with_list_parse_key("trusted_proxies")
        .with_list_parse_key("allowed_origins")
        .with_list_parse_key("witnesses")
        .source(Some(variables()));
    Config::try_from(flags)
        .and_then(|flags| sources.add_source(environment).add_source(flags).build())
        .and_then(without_keys)
        .and_then(Config::try_deserialize)
        .map_err(|fault| without_passwords(&fault.to_string()))
}

/// Returns a settings file's text, once it is TOML. What is said of one that is not is where, and never the line itself,
/// which may be the one with a password.
fn text(path: &Path) -> Result<String, String> {
    let name = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|fault| format!("{name} cannot be read: {fault}"))?;
    if let Err(fault) = text.parse::<toml::Table>() {
        let before = fault.span().and_then(|span| text.get(..span.start));
        let line = before.map_or(1, |before| before.matches('\n').count() + 1);
        let why = fault.message();
        return Err(format!("{name} is no TOML at line {line}: {why}"));
    }
    Ok(text)
}

/// The variables of ours that are no settings.
const NO_SETTINGS: [&str; 4] = [
    "CONCORD_CONFIG",
    "CONCORD_LOG",
    KEY_VARIABLE,
    OTHER_KEY_VARIABLE,
];

/// Returns the variables that are settings. Some of ours are not: where the settings file is, how much to log, and the keys.
fn variables() -> HashMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .filter(|(name, _)| !NO_SETTINGS.contains(&name.as_str()))
        .filter(|(name, value)| !is_of_kubernetes(name, value))
        .collect()
}

/// Returns whether Kubernetes sets this variable by itself, for a service whose name begins with ours: `CONCORD_PORT` is
/// `tcp://10.0.0.1:4000`, and so on.
fn is_of_kubernetes(name: &str, value: &str) -> bool {
    let Some(name) = name.strip_prefix("CONCORD_") else {
        return false;
    };
    let ends = |name: &str, end: &str| name == end || name.ends_with(&format!("_{end}"));
    let protocols = ["TCP", "UDP", "SCTP"];
    let at_address = value
        .split_once("://")
        .is_some_and(|(scheme, _)| protocols.contains(&scheme.to_ascii_uppercase().as_str()));
    let is_of_port = |(_, rest): (&str, &str)| {
        let mut words = rest.split('_');
        let number = words.next().is_some_and(|port| port.parse::<u16>().is_ok());
        number && words.next().is_some_and(|word| protocols.contains(&word))
    };
    ends(name, "SERVICE_HOST")
        || name.starts_with("SERVICE_PORT")
        || name.contains("_SERVICE_PORT")
        || (ends(name, "PORT") && at_address)
        || format!("_{name}")
            .split_once("_PORT_")
            .is_some_and(is_of_port)
}

/// Refuses a key that stands among the settings themselves, and says nothing of what it is.
fn without_keys(read: Config) -> Result<Config, ConfigError> {
    for (key, variable) in [("key", KEY_VARIABLE), ("other_key", OTHER_KEY_VARIABLE)] {
        if !matches!(
            read.get::<config::Value>(key),
            Err(ConfigError::NotFound(_))
        ) {
            return Err(ConfigError::Message(format!(
                "{key}: never in the settings file, which is no place for a key: name {key}_file or {key}_command, or set the \
                 variable {variable}"
            )));
        }
    }
    Ok(read)
}

/// Returns a text in which each URL has neither user nor password, nor anything after its path.
pub(super) fn without_passwords(text: &str) -> String {
    let mut said = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, url)) = rest.split_once("://") {
        said.push_str(before);
        said.push_str("://");
        let end = url.find(|letter: char| letter.is_whitespace() || "\"'`<>".contains(letter));
        let (url, after) = url.split_at(end.unwrap_or(url.len()));
        let place = url.rsplit_once('@').map_or(url, |(_, place)| place);
        let place = place.split(['?', '#']).next().unwrap_or("");
        said.push_str(place);
        rest = after;
    }
    said.push_str(rest);
    said
}
