//! A domain of its own for these tests, so that they say what the heart does and nothing about what is sold: jars with
//! versions, purses with counters, labels that are claimed.

use serde::{Deserialize, Serialize};
use shared::kit::command::{
    Adjustment, Change, Command, Entity, Event, IndexEntries, Key, ReadSet, Record, Routed, Version,
};
use shared::kit::system::clock::Timestamp;

/// Changes version by version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Jar {
    pub(crate) id: String,
    pub(crate) version: Version,
    pub(crate) coins: i64,
}

/// Counts without versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Purse {
    pub(crate) coins: i64,
    pub(crate) spent: i64,
}

/// Belongs to whoever was first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Label {
    pub(crate) colour: String,
}

/// What others hear of jars.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub(crate) enum JarEvent {
    /// Somebody listens.
    #[serde(rename = "jar.filled")]
    Filled { coins: i64 },
    /// Nobody listens.
    #[serde(rename = "jar.shaken")]
    Shaken,
}

impl Routed for JarEvent {
    fn has_subscribers(&self) -> bool {
        matches!(self, Self::Filled { .. })
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

    fn listings(&self) -> IndexEntries {
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

/// Why something is refused here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("nobody shakes an absent jar")]
    NoJar,
    #[error("the jar is there")]
    JarExists,
    #[error("the purse holds too little")]
    TooLittle,
    #[error("the label is taken")]
    Taken,
    #[error("the label has another colour")]
    OtherColour,
}

/// What [`Save`] does besides filling its jar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Also {
    /// Takes coins from a purse.
    Spend(&'static str, i64),
    /// Claims a label.
    Claim(&'static str),
    /// Demands that a label is of this colour.
    Require(&'static str, &'static str),
    /// Demands that the jar is new.
    New,
    /// Lets this many further jars stand for a change that is too large.
    Fill(usize),
}

/// Fills a jar, new or old, and does all of `also`: in one commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Save {
    pub(crate) jar: String,
    pub(crate) coins: i64,
    pub(crate) also: Vec<Also>,
}

impl Save {
    /// Puts coins into a jar, and nothing else.
    pub(crate) fn into(jar: &str, coins: i64) -> Self {
        Self { jar: jar.to_owned(), coins, also: Vec::new() }
    }

    /// Does this as well.
    pub(crate) fn also(mut self, also: Also) -> Self {
        self.also.push(also);
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
            Some(jar) if !self.also.contains(&Also::New) => {
                Jar { version: jar.version.next(), coins: jar.coins + self.coins, ..jar }
            }
            _ => new,
        };
        let event = JarEvent::Filled { coins: self.coins };
        let change = Change::of(jar.clone());
        let change = if self.also.contains(&Also::New) {
            change.save_new(&jar, event, Refusal::JarExists)
        } else {
            change.save(&jar, event)
        };
        Ok(self.also.iter().fold(change, add))
    }
}

fn add(change: Change<Jar, Refusal>, also: &Also) -> Change<Jar, Refusal> {
    match also {
        Also::Spend(purse, coins) => {
            let spend = Adjustment::of::<Purse>().add("coins", -coins).add("spent", *coins);
            change.adjust::<Purse>(&(*purse).to_owned(), spend, Refusal::TooLittle)
        }
        Also::Claim(label) => {
            change.claim(&(*label).to_owned(), &Label { colour: "red".to_owned() }, Refusal::Taken)
        }
        Also::Require(label, colour) => {
            change.require::<Label>(&(*label).to_owned(), "colour", colour, Refusal::OtherColour)
        }
        Also::New => change,
        Also::Fill(count) => (0..*count).fold(change, |change, n| {
            change.overwrite(&format!("filler-{n}"), &Label { colour: "grey".to_owned() })
        }),
    }
}

/// Puts a purse there.
#[derive(Debug, Clone)]
pub(crate) struct Own(pub(crate) &'static str, pub(crate) i64);

impl Command for Own {
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

/// Changes a jar without anybody hearing of it, by a decision on the first version whatever it is by now.
#[derive(Debug, Clone)]
pub(crate) struct Shake {
    pub(crate) jar: String,
    pub(crate) stubbornly: bool,
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
        let seen = if self.stubbornly { Version::FIRST } else { jar.version };
        let jar = Jar { version: seen.next(), ..jar };
        Ok(Change::of(jar.version).save(&jar, JarEvent::Shaken))
    }
}

/// Changes nothing.
#[derive(Debug, Clone)]
pub(crate) struct Nothing;

impl Command for Nothing {
    type State = ();
    type Output = String;
    type Error = Refusal;

    fn reads(&self) -> ReadSet<()> {
        ReadSet::empty()
    }

    fn decide(&self, (): (), _: Timestamp) -> Result<Change<String, Refusal>, Refusal> {
        Ok(Change::of("seen".to_owned()))
    }
}
