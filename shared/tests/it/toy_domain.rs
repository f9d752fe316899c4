//! Test domain that is independent of the marketplace: jars with versions, purses with counters, and labels
//! that are claimed.

use serde::{Deserialize, Serialize};
use shared::kit::command::{
    Adjustment, Change, Command, Entity, Event, IndexEntries, Key, ReadSet, Record, Routed, Routing, Version,
};
use shared::kit::system::clock::Timestamp;

/// Versioned entity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Jar {
    pub(crate) id: String,
    pub(crate) version: Version,
    pub(crate) coins: i64,
}

/// Unversioned counters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Purse {
    pub(crate) coins: i64,
    pub(crate) spent: i64,
}

/// Unique claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) colour: String,
}

/// Events of jars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(crate) enum JarEvent {
    /// Event with subscribers.
    #[serde(rename = "jar.filled")]
    Filled { coins: i64 },
    /// Event without subscribers.
    #[serde(rename = "jar.shaken")]
    Shaken,
}

impl Routed for JarEvent {
    fn routing(&self) -> Routing {
        match self {
            Self::Filled { .. } => Routing::Queues,
            Self::Shaken => Routing::LogOnly,
        }
    }
}

impl Event for JarEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Filled { .. } => "jar.filled",
            Self::Shaken => "jar.shaken",
        }
    }
}

fn key(pk: String, sk: &str) -> Key {
    Key { pk, sk: sk.to_owned() }
}

impl Record for Jar {
    const KIND: &'static str = "jar";
    type Id = String;

    fn key(id: &String) -> Key {
        key(format!("jar#{id}"), "jar")
    }
}

impl Entity for Jar {
    type Event = JarEvent;

    fn id(&self) -> &String {
        &self.id
    }

    fn version(&self) -> Version {
        self.version
    }

    fn index_entries(&self) -> IndexEntries {
        let on_shelf = ("shelf".to_owned(), self.id.clone());
        IndexEntries { by_parent: Some(on_shelf), ..IndexEntries::default() }
    }
}

impl Record for Purse {
    const KIND: &'static str = "purse";
    type Id = String;

    fn key(id: &String) -> Key {
        key(format!("purse#{id}"), "purse")
    }
}

impl Record for Label {
    const KIND: &'static str = "label";
    type Id = String;

    fn key(id: &String) -> Key {
        key(format!("label#{id}"), "label")
    }
}

/// Reason for refusing a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("jar not found")]
    NoJar,
    #[error("not enough coins in the purse")]
    TooLittle,
    #[error("label already taken")]
    Taken,
    #[error("label has another colour")]
    OtherColour,
}

/// Additional effect of [`Save`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Spends coins of a purse.
    Spend(&'static str, i64),
    /// Spends coins of a purse, if it exists.
    SpendIfExists(&'static str, i64),
    /// Claims a label.
    Claim(&'static str),
    /// Requires that a label has this colour.
    Require(&'static str, &'static str),
    /// Writes this many further records, to make the change large.
    Fill(usize),
}

/// Adds coins to a new or existing jar and applies all `effects` in one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Save {
    pub(crate) jar: String,
    pub(crate) coins: i64,
    pub(crate) effects: Vec<Effect>,
}

impl Save {
    /// Adds coins to a jar, without further effects.
    pub(crate) fn into(jar: &str, coins: i64) -> Self {
        Self { jar: jar.to_owned(), coins, effects: Vec::new() }
    }

    /// Adds an effect.
    pub(crate) fn with(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }
}

impl Command for Save {
    type State = Option<Jar>;
    type Output = Jar;
    type Error = Refusal;

    fn reads(&self) -> ReadSet<Option<Jar>> {
        ReadSet::get(&self.jar)
    }

    fn decide(&self, jar: Option<Jar>, _: Timestamp) -> Result<Change<Jar, Refusal>, Refusal> {
        let new = Jar { id: self.jar.clone(), version: Version::FIRST, coins: self.coins };
        let jar = match jar {
            Some(jar) => Jar { version: jar.version.next(), coins: jar.coins + self.coins, ..jar },
            None => new,
        };
        let event = JarEvent::Filled { coins: self.coins };
        let change = Change::of(jar.clone()).save(&jar, event);
        Ok(self.effects.iter().fold(change, apply))
    }
}

fn spend(coins: i64) -> Adjustment {
    Adjustment::of::<Purse>().add("coins", -coins).add("spent", coins)
}

fn apply(change: Change<Jar, Refusal>, effect: &Effect) -> Change<Jar, Refusal> {
    match effect {
        Effect::Spend(purse, coins) => {
            change.adjust::<Purse>(&(*purse).to_owned(), spend(*coins), Refusal::TooLittle)
        }
        Effect::SpendIfExists(purse, coins) => {
            change.adjust_if_exists::<Purse>(&(*purse).to_owned(), spend(*coins), Refusal::TooLittle)
        }
        Effect::Claim(label) => {
            change.claim(&(*label).to_owned(), &Label { colour: "red".to_owned() }, Refusal::Taken)
        }
        Effect::Require(label, colour) => {
            change.require::<Label>(&(*label).to_owned(), "colour", colour, Refusal::OtherColour)
        }
        Effect::Fill(count) => (0..*count).fold(change, |change, n| {
            change.overwrite(&format!("filler-{n}"), &Label { colour: "grey".to_owned() })
        }),
    }
}

/// Creates a purse.
#[derive(Debug, Clone)]
pub(crate) struct CreatePurse(pub(crate) &'static str, pub(crate) i64);

impl Command for CreatePurse {
    type State = ();
    type Output = ();
    type Error = Refusal;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), _: Timestamp) -> Result<Change<(), Refusal>, Refusal> {
        let purse = Purse { coins: self.1, spent: 0 };
        Ok(Change::of(()).overwrite(&self.0.to_owned(), &purse))
    }
}

/// Changes a jar by an event without subscribers. With `from_first_version`, it always conflicts once the jar
/// has changed.
#[derive(Debug, Clone)]
pub(crate) struct Shake {
    pub(crate) jar: String,
    pub(crate) from_first_version: bool,
}

impl Command for Shake {
    type State = Option<Jar>;
    type Output = Version;
    type Error = Refusal;

    fn reads(&self) -> ReadSet<Option<Jar>> {
        ReadSet::get(&self.jar)
    }

    fn decide(&self, jar: Option<Jar>, _: Timestamp) -> Result<Change<Version, Refusal>, Refusal> {
        let jar = jar.ok_or(Refusal::NoJar)?;
        let version = if self.from_first_version { Version::FIRST } else { jar.version };
        let jar = Jar { version: version.next(), ..jar };
        Ok(Change::of(jar.version).save(&jar, JarEvent::Shaken))
    }
}

/// Changes nothing.
#[derive(Debug, Clone)]
pub(crate) struct NoChange;

impl Command for NoChange {
    type State = ();
    type Output = String;
    type Error = Refusal;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), _: Timestamp) -> Result<Change<String, Refusal>, Refusal> {
        Ok(Change::of("done".to_owned()))
    }
}
