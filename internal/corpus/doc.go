// Package corpus owns recorded answers of the real services: what Microsoft
// Entra ID and Exchange Online say when something is wrong, and what they say
// when nothing is, each with its source, its date and how well it is attested.
//
// An item joins three tests: the simulator emits it, the provider explains it,
// every language has advice for it. What varies from one occurrence to the
// next (identifiers, times, names) stands in braces; the small variations of
// form that recordings show are listed by Answers.
//
// It deliberately knows neither what an answer means nor what to do about it:
// an item names the finding that is expected first, and nothing else. It opens
// no connection and imports nothing of ours.
package corpus
