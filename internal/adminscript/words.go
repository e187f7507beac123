package adminscript

import (
	"maps"
	"slices"
)

// Say returns the words for an ID of WordIDs in the reader's language. An
// empty answer falls back to English.
type Say func(id string) string

// English returns the source text of a comment, "" for an unknown ID.
func English(id string) string { return english[id] }

// WordIDs are the IDs of all comments, sorted.
func WordIDs() []string { return slices.Sorted(maps.Keys(english)) }

// english are the comments of the scripts. Each stands above what it explains.
var english = map[string]string{
	"registration_intro":      "Creates or repairs the app registration of a mailbox in Microsoft Entra ID. It adds what is missing and removes nothing.",
	"registration_read_intro": "Reads the app registration of a mailbox in Microsoft Entra ID. It changes nothing.",
	"mailbox_read_intro":      "Reads the state of the sign-in account and the mailboxes in Exchange Online. It changes nothing.",
	"mailbox_repair_intro":    "Allows the sign-in account what the mail application needs, in Exchange Online. It changes only what is missing.",
	"network_intro":           "Tests from this computer the connections that the mail application needs. It sends no password and changes nothing. It uses the certificates of Windows; the mail application may use others.",
	"paste":                   "Read it, then paste all of it into a PowerShell window. It can be run again at any time. At its end it prints a block between two lines of dashes: copy the block into the wizard.",
	"asks":                    "It asks before each change. Write -WhatIf behind the last brace to see the changes only.",
	"not_confirmed":           "This script follows Microsoft's documentation. It has not been seen running against Microsoft's service.",
	"values":                  "The values of this mailbox.",
	"block":                   "Prints what was found, first to read, then as a block that survives chat and mail programs: JSON, packed with gzip, in base64, with a checksum.",
	"graph_connect":           "Signs in to Microsoft Graph in a window of its own.",
	"registration_find":       "Finds the app registration by its client ID or its exact name. It is created when no registration has the name.",
	"registration_redirect":   "Adds the redirect URIs on the platform Web. The list is written as a whole, so the present ones are read first and stay.",
	"registration_permissions": "Adds the delegated permissions of the chosen protocols, and those that every sign-in needs. Present ones stay. " +
		"Admin consent is a step of its own.",
	"registration_claim":     "Adds the optional claim auth_time, which shows when the password was entered.",
	"registration_principal": "Makes sure that the enterprise application exists in this directory.",
	"registration_secret":    "Makes a new client secret. It is never shown: it leaves this window only encrypted, and only the wizard has the key.",
	"exchange_connect":       "Signs in to Exchange Online in a window of its own. A session that is already open is used.",
	"repair_protocols":       "The protocol switches of the person who signs in decide, not those of the mailbox.",
	"repair_smtp":            "Authenticated SMTP for this one mailbox. The setting of the organization stays as it is.",
	"repair_rights":          "Full Access to open a mailbox, Send As to send with its address. New rights can take an hour to work.",
	"network_block":          "Prints the block.",
}
