// Package locale owns the languages: the sentences of the pages, the texts of
// findings in the reader's language, and how times, durations, numbers and
// lists are written. A language is one file, lang/<tag>.toml, that names
// itself; English is complete, every other file falls back to it message by
// message.
//
// It does not know where a sentence stands or what markup surrounds it
// (package templates), which findings exist (packages check and provider), or
// which language a person has chosen (package web). It never puts markup into
// a text: whoever shows one escapes it.
package locale
