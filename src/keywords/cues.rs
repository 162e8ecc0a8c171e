//! The words that negate a mention or end a negation. They are part of a set's hash.

/// Words that negate what follows them. Every word that ends in `n't`, with any apostrophe, negates too; the list has
/// such words without an apostrophe because transcribers drop it.
pub(super) const CUES: [&str; 39] = [
    "aint",
    "arent",
    "barely",
    "cannot",
    "cant",
    "couldnt",
    "didnt",
    "doesnt",
    "dont",
    "hadnt",
    "hardly",
    "hasnt",
    "havent",
    "isnt",
    "lack",
    "lacked",
    "lacking",
    "lacks",
    "mightnt",
    "mustnt",
    "neednt",
    "neither",
    "never",
    "no",
    "nobody",
    "none",
    "nor",
    "not",
    "nothing",
    "nowhere",
    "scarcely",
    "shouldnt",
    "unable",
    "unfamiliar",
    "wasnt",
    "werent",
    "without",
    "wont",
    "wouldnt",
];

/// Words before which `not` is no negation, as in "not only react but also vue".
pub(super) const UNDOING: [&str; 3] = ["just", "merely", "only"];

/// Words that begin a new clause, as a punctuation mark does. Some words are left out because of their use after a cue:
/// `yet` ("not yet used"), `so` ("not so good with"), `and` and `or` ("no react or vue").
pub(super) const BREAKS: [&str; 14] = [
    "although", "because", "besides", "but", "except", "however", "instead", "since", "then", "though", "unless",
    "until", "whereas", "while",
];
