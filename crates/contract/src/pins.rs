//! Version pins: what the profile pins, what runs, and what the program says of itself.

use crate::{PanelError, wire};

wire! {
    /// How the links of a pin stand to each other.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum PinVerdict {
        /// All that could be seen agrees.
        Agrees,
        /// The program answers in another version than the tag names.
        OtherProgram,
        /// The container was made from another image than the pinned one.
        OtherImage,
        /// The tag names another image by now than the one that the container was made from.
        Recreate,
        /// The image has no tag, or one that moves.
        Floating,
        /// The container is there and does not run.
        NotRunning,
        /// There is no such container.
        Absent,
        /// A container of the same compose project that the profile does not pin.
        Unpinned,
        /// Neither the container nor the program could be seen.
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
    /// A service with its pin and all that was seen of it.
    pub struct PinRow {
        /// Service in the compose file.
        pub service: String,
        /// Name of the container.
        pub container: String,
        /// Image of the profile's pin; none for an unpinned container.
        pub pinned: Option<String>,
        /// Image as it was named when the container was made; none when it was not seen.
        pub image: Option<String>,
        /// Id of the image that the container was made from.
        pub image_id: Option<String>,
        /// Id of the image that the pin names on that machine now.
        pub tag_image_id: Option<String>,
        /// Digests of the image that the pin names; none for one that was never pulled.
        pub digests: Vec<String>,
        /// `running`, `exited`, …; none when the container was not seen.
        pub state: Option<String>,
        /// Versions that the program's members report, each once.
        pub reported: Vec<String>,
        /// How all that stands to each other.
        pub verdict: PinVerdict,
        /// The verdict in words.
        pub words: String,
        /// What to do, as a command where there is one; may be empty.
        pub remedy: String,
    }
}

wire! {
    /// All pins.
    pub struct PinsReport {
        /// In the profile's order, then unpinned containers by name.
        pub rows: Vec<PinRow>,
        /// Why the containers were not looked at.
        pub docker_gap: Option<PanelError>,
    }
}
