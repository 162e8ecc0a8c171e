//! The words that make a mention negated or no longer so. They are part of what a set's hash follows from.

/// Words that negate what follows, besides every word that ends in `n't` with whatever apostrophe;
/// transcribers drop it too.
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

/// After `not`, these make it no negation: "not only react but also vue".
pub(super) const UNDOING: [&str; 3] = ["just", "merely", "only"];

/// Words that begin a new clause, as a mark of punctuation does. Left out for what they do after a cue: `yet` ("not yet
/// used"), `so` ("not so good with"), `and` and `or` ("no react or vue").
pub(super) const BREAKS: [&str; 14] = [
    "although", "because", "besides", "but", "except", "however", "instead", "since", "then", "though", "unless",
    "until", "whereas", "while",
];
