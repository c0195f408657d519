//! Where an input is wrong: a place as the caller wrote it, and all faults of an input at once. Pure.

use std::borrow::Cow;
use std::fmt;

/// Where in the input of a request something stands, the argument first: `consent`, `signatures`, 0, `signedOn`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputPath(Vec<InputStep>);

/// One step into an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InputStep {
    /// Into an argument, or a field of an object.
    Name(String),
    /// Into an item of a list, counted from 0.
    Index(usize),
}

impl InputPath {
    /// Returns each step, from the argument on.
    pub fn steps(&self) -> impl Iterator<Item = &InputStep> {
        self.0.iter()
    }

    /// Returns the path of what stands within this one.
    #[must_use]
    pub fn within(&self, further: impl IntoIterator<Item = InputStep>) -> Self {
        Self(self.0.iter().cloned().chain(further).collect())
    }
}

impl From<Vec<InputStep>> for InputPath {
    fn from(steps: Vec<InputStep>) -> Self {
        Self(steps)
    }
}

/// Reads a path as code writes it: `consent.signatures.0.signedOn`.
impl From<&str> for InputPath {
    fn from(written: &str) -> Self {
        let step = |step: &str| match step.parse() {
            Ok(index) => InputStep::Index(index),
            Err(_) => InputStep::Name(step.to_owned()),
        };
        Self(written.split('.').map(step).collect())
    }
}

impl From<String> for InputPath {
    fn from(written: String) -> Self {
        Self::from(written.as_str())
    }
}

/// Shows the path as people read it: `consent.signatures[0].signedOn`.
impl fmt::Display for InputPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            match step {
                InputStep::Name(name) if place == 0 => f.write_str(name)?,
                InputStep::Name(name) => write!(f, ".{name}")?,
                InputStep::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// A place in a document, both counted from 1; columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourcePosition {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl fmt::Display for SourcePosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One thing that is wrong with an input, and what to write instead. Never repeats a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFault {
    /// Where it is; none where the request is wrong as a whole.
    pub field: Option<InputPath>,
    /// Where the document says it, or declares the variable that says it.
    pub location: Option<SourcePosition>,
    /// What is wrong, and what to write instead.
    pub text: Cow<'static, str>,
}

impl InputFault {
    /// Returns the fault at a place of the arguments.
    #[must_use]
    pub fn at(place: impl Into<InputPath>, remedy: impl fmt::Display) -> Self {
        let place = place.into();
        Self {
            text: format!("`{place}`: {remedy}").into(),
            field: Some(place),
            location: None,
        }
    }

    /// Returns the fault of a request as a whole.
    #[must_use]
    pub fn of_all(text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            field: None,
            location: None,
            text: text.into(),
        }
    }
}

/// What is wrong with an input: at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputFaults(Vec<InputFault>);

impl InputFaults {
    /// Returns each fault.
    pub fn iter(&self) -> impl Iterator<Item = &InputFault> {
        self.0.iter()
    }
}

impl fmt::Display for InputFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            let between = if place == 0 { "" } else { "; " };
            write!(f, "{between}{}", fault.text)?;
        }
        Ok(())
    }
}

impl From<InputFault> for InputFaults {
    fn from(fault: InputFault) -> Self {
        Self(vec![fault])
    }
}

/// Collects what is wrong with an input, so that all of it is told at once.
#[derive(Clone, Debug, Default)]
pub struct Faults(Vec<InputFault>);

impl Faults {
    /// Adds a fault at a place of the arguments.
    pub fn add(&mut self, place: impl Into<InputPath>, remedy: impl fmt::Display) {
        self.0.push(InputFault::at(place, remedy));
    }

    /// Adds a fault unless this holds.
    pub fn require(&mut self, holds: bool, place: impl Into<InputPath>, remedy: impl fmt::Display) {
        if !holds {
            self.add(place, remedy);
        }
    }

    /// Adds faults that were found elsewhere.
    pub fn extend(&mut self, faults: InputFaults) {
        self.0.extend(faults.0);
    }

    /// Returns whether something at this place is wrong.
    #[must_use]
    pub fn are_at(&self, place: &InputPath) -> bool {
        self.0
            .iter()
            .any(|fault| fault.field.as_ref() == Some(place))
    }

    /// Returns all that was added, where anything was.
    #[must_use]
    pub fn found(&self) -> Option<InputFaults> {
        (!self.0.is_empty()).then(|| InputFaults(self.0.clone()))
    }
}
