//! Version pins: what the profile pins, what the compose file says, what runs, and what the program says of itself.

use crate::{PanelError, Timestamp, wire};

wire! {
    /// How the links of a service's chain stand to each other.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum PinVerdict {
        /// All that could be seen agrees.
        Agrees,
        /// The compose file names another image than the profile pins.
        OtherReference,
        /// The container was made from another image than the one that is wanted.
        OtherImage,
        /// The tag names another image by now than the one that the container was made from.
        Recreate,
        /// The program answers in another version than the tag names.
        OtherProgram,
        /// The image has no tag, or one that moves.
        Floating,
        /// The container is there and does not run.
        NotRunning,
        /// There is no such container, although the service is not optional.
        Missing,
        /// There is no such container, and there need not be one.
        Absent,
        /// In the compose project, and not pinned by the profile.
        Unpinned,
        /// Too little could be seen for a verdict.
        Unknown,
    }
}

impl PinVerdict {
    /// Whether a gate must stop at it. What is optional may be absent, and what was not seen is not called drift.
    pub fn is_drift(self) -> bool {
        !matches!(self, Self::Agrees | Self::Absent | Self::Unpinned | Self::Unknown)
    }
}

wire! {
    /// A link of the chain from what is wanted to what runs.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum PinLinkKind {
        /// The profile's pin.
        Pin,
        /// The compose file's reference.
        Compose,
        /// The container's own reference, from when it was made.
        Container,
        /// The image that it was made from.
        Image,
        /// What the program reports.
        Program,
    }
}

wire! {
    /// How a link stands.
    #[derive(Copy, Eq, Hash)]
    pub enum PinLinkState {
        /// It agrees with the links before it.
        Agrees,
        /// It is where the chain breaks.
        Differs,
        /// It could not be seen.
        Gap,
    }
}

wire! {
    /// A link as it is shown.
    pub struct PinLink {
        /// Which.
        pub kind: PinLinkKind,
        /// What was seen, e.g. `prom/prometheus:v2.54.1`; empty for a gap.
        pub value: String,
        /// More about it: where it was read, what it was made of; for a gap: why.
        pub detail: String,
        /// How it stands.
        pub state: PinLinkState,
    }
}

wire! {
    /// The image that a compose file names for a service.
    pub struct ComposeReference {
        /// As it is written.
        pub raw: String,
        /// With its variables replaced; none when that is not possible.
        pub resolved: Option<String>,
        /// Why not; empty otherwise.
        pub problem: String,
        /// File that says it.
        pub file: String,
        /// Line in it, from 1; none when it comes from somewhere else by an anchor.
        pub line: Option<u32>,
        /// The variables in it: `TAG=v2.54.1, from .env`.
        pub variables: Vec<String>,
        /// Compose profiles of the service; none: it always runs.
        pub profiles: Vec<String>,
        /// Whether it is started with the profiles that are on.
        pub enabled: bool,
    }
}

wire! {
    /// A program that runs in another version than the pinned one.
    pub struct VersionMismatch {
        /// What it reports, without a leading `v`.
        pub runs: String,
        /// The pinned tag.
        pub pinned: String,
        /// The image to pin so that the running version is the pinned one.
        pub image: String,
        /// Command that runs the pinned version; none where Compose does not run the service.
        pub recreate: Option<String>,
        /// Whether the pinned version is older than the running one.
        pub downgrade: bool,
    }
}

wire! {
    /// A version that a program reports.
    pub struct ReportedVersion {
        /// Without a leading `v`.
        pub version: String,
        /// Who says so: an address, or a series of Prometheus.
        pub from: String,
    }
}

wire! {
    /// What kind of thing is known about a version.
    #[derive(Copy, Eq, Hash)]
    pub enum AdvisoryKind {
        /// A vulnerability.
        Vulnerability,
        /// Nobody mends it any more.
        EndOfLife,
    }
}

wire! {
    /// Something that is known about a version. It is information, and no verdict.
    pub struct Advisory {
        /// E.g. `CVE-2024-9264`.
        pub id: String,
        /// What kind.
        pub kind: AdvisoryKind,
        /// In a sentence.
        pub title: String,
        /// What is not known for certain, or limits it; may be empty.
        pub note: String,
        /// Versions that have it no longer; may be empty.
        pub fixed: Vec<String>,
        /// Date of the fact, `YYYY-MM-DD`.
        pub date: String,
        /// Page that says so.
        pub source: String,
    }
}

wire! {
    /// A change of a link that was noticed.
    pub struct PinChange {
        /// When it was noticed.
        pub at: Timestamp,
        /// Service.
        pub service: String,
        /// Link.
        pub link: PinLinkKind,
        /// What it was.
        pub before: String,
        /// What it is.
        pub after: String,
        /// In a sentence.
        pub words: String,
    }
}

wire! {
    /// A service with its chain and the verdict on it.
    pub struct PinRow {
        /// Service in the compose file.
        pub service: String,
        /// Name of the container.
        pub container: String,
        /// Whether it need not run.
        pub optional: bool,
        /// The five links, in their order.
        pub links: Vec<PinLink>,
        /// How they stand to each other.
        pub verdict: PinVerdict,
        /// Whether a gate stops at it.
        pub drift: bool,
        /// The verdict in words.
        pub words: String,
        /// What to do, as a command where there is one; may be empty.
        pub remedy: String,
        /// The ways out where the program runs in another version than the pinned one.
        #[serde(default)]
        pub mismatch: Option<VersionMismatch>,
        /// Whether the image is wanted by digest, which can't be pushed again, as a tag can.
        pub locked: bool,
        /// Image of the profile's pin; none for a service that it does not pin.
        pub pinned: Option<String>,
        /// What the compose file says; none when it does not name the service, or was not read.
        pub compose: Option<ComposeReference>,
        /// Image as it was named when the container was made; none when it was not seen.
        pub image: Option<String>,
        /// Id of the image that the container was made from.
        pub image_id: Option<String>,
        /// Id of the image that the wanted reference names on that machine now.
        pub tag_image_id: Option<String>,
        /// Digests of that image; none for one that was never pulled.
        pub digests: Vec<String>,
        /// `running`, `exited`, …; none when the container was not seen.
        pub state: Option<String>,
        /// When the container was made, RFC 3339.
        pub created: Option<String>,
        /// What the program reports, each version once.
        pub reported: Vec<ReportedVersion>,
        /// What is known about the version.
        pub advisories: Vec<Advisory>,
        /// The newest change that was noticed.
        pub changed: Option<PinChange>,
    }
}

wire! {
    /// All pins.
    pub struct PinsReport {
        /// In the profile's order, then what the compose project has besides, by name.
        pub rows: Vec<PinRow>,
        /// When it was looked at.
        pub at: Timestamp,
        /// Whether the profile names an engine; without one no container is looked at.
        pub docker_named: bool,
        /// Why the engine that it names could not be asked.
        pub docker_gap: Option<PanelError>,
        /// Why the compose file was not read.
        pub compose_gap: Option<PanelError>,
        /// Who read the compose file: `docker compose 2.29.1`, or the panel; empty when nobody did.
        pub compose_by: String,
        /// What has to be known about that reading.
        pub compose_notes: Vec<String>,
        /// Date of the table of advisories, `YYYY-MM-DD`.
        pub advisories_date: String,
    }
}

wire! {
    /// A service's verdict, for the overview.
    pub struct PinSummary {
        /// Service.
        pub service: String,
        /// Verdict.
        pub verdict: PinVerdict,
        /// Whether a gate stops at it.
        pub drift: bool,
        /// In words.
        pub words: String,
    }
}

wire! {
    /// The pins in brief.
    #[derive(Default)]
    pub struct PinsSummary {
        /// When they were looked at last; none: not yet.
        pub at: Option<Timestamp>,
        /// Services that drift.
        pub drift: u32,
        /// Every service that is pinned or runs.
        pub services: Vec<PinSummary>,
        /// Services that advisories are known about.
        pub advised: u32,
    }
}

wire! {
    /// Asks for changes that were noticed.
    pub struct PinsHistoryRequest {
        /// Of this service; none: of all.
        #[serde(default)]
        pub service: Option<String>,
        /// Most of them, 1 to 1000.
        pub limit: u32,
    }
}

wire! {
    /// Changes, the newest first.
    pub struct PinsHistory {
        /// Changes.
        pub changes: Vec<PinChange>,
    }
}

wire! {
    /// Another version for a service.
    pub struct PinUpdateChange {
        /// Service in the compose file.
        pub service: String,
        /// The whole reference, e.g. `prom/prometheus:v2.55.1`.
        pub image: String,
        /// Adds the digest that the engine knows for it.
        #[serde(default)]
        pub lock: bool,
    }
}

wire! {
    /// A file that a new pin changes.
    pub struct PinUpdateFile {
        /// Path.
        pub path: String,
        /// What it is: `compose file`, `.env`, `profile`.
        pub what: String,
        /// Unified diff.
        pub diff: String,
    }
}

wire! {
    /// What a new pin would do.
    pub struct PinUpdatePlan {
        /// The reference, with its digest where it is locked.
        pub image: String,
        /// Files, with what changes in them.
        pub files: Vec<PinUpdateFile>,
        /// Other services of the same value.
        pub also: Vec<String>,
        /// What has to be known.
        pub notes: Vec<String>,
        /// Commands that bring it into force. The panel runs none of them.
        pub then: Vec<String>,
        /// Of all this and the files; asked for when it is carried out.
        pub digest: String,
    }
}

wire! {
    /// Carries a new pin out.
    pub struct PinUpdateRequest {
        /// What.
        pub change: PinUpdateChange,
        /// The plan's digest.
        pub digest: String,
        /// Why.
        pub reason: String,
        /// Who; empty: the name in the settings.
        #[serde(default)]
        pub created_by: String,
    }
}

wire! {
    /// What was written.
    pub struct PinUpdateResult {
        /// Paths.
        pub written: Vec<String>,
        /// Commands that bring it into force.
        pub then: Vec<String>,
    }
}
