package locale

import (
	"context"
	"strings"
	"time"
)

// Families lists the closed families of short words and the values each must
// have. A value stands in a view or in the domain, its word in the language
// files; a test compares both ways.
var Families = map[string][]string{
	"state":             {"not_started", "blocked", "in_progress", "waiting", "needs_attention", "done", "out_of_date"},
	"state_text":        {"not_started", "blocked", "in_progress", "waiting", "needs_attention", "done", "out_of_date"},
	"mailbox_state":     {"working", "setting_up", "waiting", "needs_attention", "sign_in_again", "renewing", "renewed", "ends_soon", "not_fetching", "handed_over", "not_seen"},
	"overview_sentence": {"working", "setting_up", "waiting", "needs_attention", "sign_in_again", "renewing", "renewed", "ends_soon", "not_fetching", "handed_over", "not_seen"},
	"reissued":          {"running", "test", "unproved", "changed"},
	"token_state":       {"none", "not_renewed", "deleted", "not_here"},
	"mailbox_action":    {"continue", "sign_in_again", "report"},
	"fetching":          {"seen", "not_observed"},
	"report_format":     {"md", "txt", "json"},
	"result_state":      {"passed", "warning", "problem", "note", "running", "skipped", "not_needed", "not_checked", "out_of_date", "entry_needed"},
	"severity":          {"blocker", "warning", "note"},
	"count":             {"blocker", "warning", "note"},
	"likelihood":        {"certain", "likely", "possible"},
	"compare":           {"same", "changed", "wrong"},
	"proof":             {"yes", "no", "missing"},
	"standing":          {"yes", "no", "unknown"},
	"actor":             {"product_admin", "app_admin", "entra_admin", "exchange_admin", "mailbox_user", "network_admin", "microsoft"},
	"role":              {"owner", "m365_admin", "observer"},
	"security":          {"tls", "starttls"},
	"server_role":       {"application", "services", "all"},
	"role_text":         {"owner", "m365_admin", "observer"},
	"role_part":         {"m365_admin", "observer"},
	"permission":        {"imap", "pop3", "smtp", "offline", "identity"},
	"presence":          {"here", "away", "left"},
	"protocol":          {"imap", "pop3", "smtp"},
	"method":            {"mailbox_account", "shared_account"},
	"method_text":       {"mailbox_account", "shared_account"},
	"key":               {"delete_test_key", "keep_as_watchman", "latchkey_keeps", "no_key"},
	"key_text":          {"delete_test_key", "keep_as_watchman", "latchkey_keeps"},
	"decision":          {"script", "statement", "verification"},
	"decision_text":     {"script", "statement", "verification"},
	"consent":           {"granted", "refused", "none"},
	"expiry":            {"client_secret", "inactivity", "token", "certificate", "policy"},
	"filter":            {"all", "mine", "others", "ending"},
	"theme":             {"system", "light", "dark"},
	"masked":            {"code", "token", "sasl", "secret", "password", "cookie", "unlabelled"},
	"phase":             {"discovery", "authorize", "admin_consent", "token", "refresh", "client_credentials", "imap", "pop3", "smtp", "network"},
	"need":              {"not_checked", "out_of_date", "skipped"},
	"field_hint":        {"imap", "pop3", "smtp_auth", "licence", "full_access", "send_as"},
	"private_menu":      {"edge", "chrome", "firefox", "safari", "any"},
	"progress_done":     {"opened", "separate", "signed_in", "token"},
	"progress_running":  {"opened", "separate", "signed_in", "token"},
	"progress_no":       {"opened", "separate", "signed_in", "token", "dropped"},
	"progress_not_yet":  {"opened", "separate", "signed_in", "token"},
	"shown_state":       {"created", "under_way", "over"},
	"evidence":          {"E1", "E2", "E3", "E4", "E5"},
	"session":           {"fresh", "separate", "password", "unproven", "refused", "unfinished", "other_account"},
	"room_state":        {"waiting", "admitted", "refused"},
	"room_text":         {"waiting", "admitted", "refused"},
	"dead_link":         {"used", "expired", "replaced", "unknown"},
	"dead_link_text":    {"used", "expired", "replaced", "unknown"},
	"done_title":        {"accepted", "running", "staged", "another", "refused", "replaced", "failed"},
	"done_text":         {"accepted", "running", "staged", "another", "refused", "replaced", "failed"},
	"error_title":       {"403", "404", "405", "409", "410", "413", "421", "422", "429", "500"},
	"error_text":        {"403", "404", "405", "409", "410", "413", "421", "422", "429", "500"},
	"step":              steps,
	"step_title":        steps,
	"step_why":          steps,
	"step_who":          steps,
	"step_time":         steps,
	"step_need":         steps,
	"next_step":         steps,

	"task":         {"registration", "registration_read", "mailbox_read", "mailbox_repair"},
	"paste_hint":   {"authorize_address", "registration_paste", "mailbox_block", "sign_in_log"},
	"item_hint":    items,
	"offline_send": {"registration", "mailbox"},
	"click": {
		"app_new", "app_open", "app_redirect", "app_permission", "app_consent", "app_claim", "app_secret", "app_ids", "app_manifest",
		"account_open", "account_licence", "account_imap", "account_pop3", "account_smtp",
		"mailbox_open", "mailbox_full_access", "mailbox_send_as",
	},
	"wrong": {
		"nothing", "too_long", "unknown", "begin_missing", "end_missing", "several", "other_kind", "line_missing", "line_cut", "character",
		"changed", "packed", "not_json", "truncated", "property_twice", "property_missing", "property_type", "property_value",
		"other_schema", "other_setup", "old", "future", "not_authorize", "line_twice", "blank_at_end", "enterprise_app", "plain_http", "later_page",
	},
	"unknown": unknown,
	"result": {
		"saved", "saved_later", "unchanged", "run_started", "secret_saved", "link_made", "let_in", "refused",
		"accepted", "invited", "revoked", "consent_returned", "language", "ignored", "block_read", "deleted",
		"kept", "signed_out", "paste_read", "withdrawn", "script_made",
	},
	"problem": {
		"required", "unanswered", "too_long", "control_characters", "not_an_address", "not_a_guid", "not_a_tenant", "not_a_url",
		"not_offered", "not_a_date", "not_a_server", "not_an_engineering_special", "twice", "too_many", "only_one",
		"secret_id", "too_short", "common", "contains_name", "different", "name_taken", "wrong_login", "no_token",
		"block_of_other_provider", "block_of_other_server", "block_of_this_server", "block_of_other_role", "block_of_other_hosts", "newer_block_known",
		"holds_code", "return_address", "not_a_code", "unknown_code", "nothing_known",
		"not_a_sign_in_log", "several_sign_ins", "other_script_key", "secret_damaged",
	},
	"field": {
		"product", "release", "specials", "method", "mailboxes", "sign_in_account", "protocols", "servers",
		"product_url", "console_url", "product_redirect_uri",
		"cloud", "tenant", "client_id", "client_secret", "secret_ends", "redirect_uris", "consent",
		"probe_block", "decision", "evidence", "imap", "pop3", "smtp_auth", "licence", "full_access", "send_as",
		"attempt", "grant", "shown", "link_code", "test_message", "handover", "report", "key", "generated",
		"name", "password", "password_again", "role", "language", "theme",
		"checklist_only", "authorize_address", "registration_paste", "mailbox_block", "sign_in_log",
		"newest_special", "guide_in_use", "installation_ports", "no_sign_in_policy", "local_console", "alias_active",
		"services_restarted", "workflow_exists", "still_fetching", "alarm_arrived",
	},
}

// unknown are the values of findings that an answer of a server may leave open.
var unknown = []string{
	"ago", "audience", "client_id", "external_url", "from", "host", "mailbox", "port", "protocol", "redirect_uri",
	"sasl_user", "scope", "server", "sign_in_account", "signed_in_as", "tenant",
}

// items are the points of the checklist that a person states.
var items = []string{
	"newest_special", "guide_in_use", "installation_ports", "no_sign_in_policy", "local_console", "alias_active",
	"services_restarted", "workflow_exists", "still_fetching", "alarm_arrived",
}

var steps = []string{
	"application", "addresses", "registration", "network", "mailbox", "sign_in", "verification", "handover", "preflight",
}

// Word is the word for one value of a family, in the language of ctx:
// Word(ctx, "state", "blocked").
func Word(ctx context.Context, family, value string) string { return T(ctx, family+"."+value) }

// Problem is the sentence for a rejected entry: problem and field are words of
// their families, value is what was entered, "" for a secret.
func (p *Printer) Problem(problem, field, value string) string {
	const longest = 60 // characters; a sentence must stay a sentence
	if r := []rune(value); len(r) > longest {
		value = string(r[:longest]) + "…"
	}
	return p.T("problem."+problem, "field", p.T("field."+field), "value", value)
}

// Check is the name of a check, or of an observed fact, for people. Both are
// identifiers of the programs' contract; one that no language file names is
// shown as it is written there, in readable form.
func (p *Printer) Check(id string) string { return p.named("check."+id, id) }

// Fact is Check for the name of an observed value.
func (p *Printer) Fact(name string) string { return p.named("fact."+name, name) }

// FactValue words an observed value where it is one of Latchkey's own words or
// a time; what a server said stays as it is.
func (p *Printer) FactValue(name, value string) string {
	if at, err := time.Parse(time.RFC3339, value); err == nil {
		return p.DateTime(at)
	}
	if text, ok := p.lookup("key." + value); ok && name == "key" {
		return text
	}
	return value
}

// Event is Check for the action of an audit record.
func (p *Printer) Event(action string) string { return p.named("event."+action, action) }

func (p *Printer) named(id, plain string) string {
	if text, ok := p.lookup(id); ok {
		return text
	}
	words := strings.ReplaceAll(plain, "_", " ")
	return strings.ToUpper(words[:min(1, len(words))]) + words[min(1, len(words)):]
}
