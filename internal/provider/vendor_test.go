package provider_test

import (
	"fmt"
	"slices"
	"testing"

	"latchkey/internal/oauth"
	"latchkey/internal/provider"
)

// vendor is every number of the published lists that concerns a mailbox
// set-up, and the code it must lead to where nothing else is known.
var vendor = map[string][]int{
	"tenant_not_found":             {90002, 50128},
	"tenant_malformed":             {900023},
	"tenant_needed":                {50194, 90130, 90124, 9001023, 90019, 50059},
	"wrong_cloud":                  {90038},
	"client_of_another_cloud":      {900439, 900382, 900432},
	"tenant_restricted":            {500021, 500022, 50002},
	"cross_tenant_policy":          {500212, 500213},
	"code_for_other_tenant":        {700005},
	"client_unknown":               {700016},
	"client_id_malformed":          {700038, 90112},
	"client_not_in_tenant":         {700011, 7000229},
	"client_disabled":              {70001, 7000112},
	"client_inaccessible":          {1000031},
	"client_blocked":               {700019, 9002331, 9002346},
	"client_is_microsofts":         {65002},
	"client_secret_invalid":        {7000215, 70002},
	"client_secret_expired":        {7000222},
	"client_is_public":             {700025},
	"client_secret_missing":        {7000218, 7000216},
	"client_certificate_invalid":   {700027, 700030, 50012},
	"client_assertion_outdated":    {50013, 500133, 700024},
	"platform_is_spa":              {9002325, 9002327, 700084},
	"browser_redeems_code":         {9002326},
	"redirect_uri_mismatch":        {50011, 70004},
	"redirect_uri_changed":         {500112},
	"redirect_uri_none":            {500113},
	"redirect_uri_scheme":          {500119},
	"redirect_uri_not_sent":        {900971},
	"scope_unknown":                {70011, 650053, 28002},
	"scope_missing":                {28003, 700023},
	"scope_default_needed":         {1002012},
	"scope_several_resources":      {28000, 700022},
	"scope_is_client":              {90009},
	"resource_parameter":           {901002},
	"resource_unknown":             {500011, 50001},
	"exchange_missing":             {650052},
	"exchange_disabled":            {500014},
	"permission_not_listed":        {650056, 650057},
	"permission_user_read_missing": {90008},
	"permission_unusable":          {650054, 65005},
	"admin_consent_needed":         {90094, 900941, 90093},
	"consent_requested":            {90095},
	"partner_consent_missing":      {90099},
	"consent_declined":             {65004},
	"consent_missing":              {65001},
	"user_not_assigned":            {50105},
	"code_used":                    {54005},
	"grant_expired":                {70008, 700082},
	"sign_in_frequency":            {70043, 70046, 700081},
	"code_of_another_sign_in":      {501481},
	"grant_revoked":                {50173, 50132, 50133, 70000},
	"sign_in_page_expired":         {50089},
	"device_code_pending":          {70016},
	"device_code_refused":          {70018, 70019},
	"request_malformed":            {9002313, 90023, 90100, 90004, 90005, 90007, 90015, 90102, 90121},
	"parameter_missing":            {900144, 90014},
	"pkce_malformed":               {50147, 501491},
	"grant_type_unsupported":       {70003},
	"response_type_unsupported":    {70005, 700054},
	"response_mode_unsupported":    {70007},
	"token_address_opened":         {900561},
	"endpoint_wrong":               {90056},
	"tls_too_old":                  {1002016},
	"token_endpoint_throttled":     {50196, 90055},
	"provider_unavailable":         {50000, 70012, 90006, 90012, 90024, 90033, 90036, 90090},
	"account_unknown":              {50034, 51004, 500341},
	"guest_pending":                {50014},
	"account_of_another_tenant":    {50020, 90072},
	"personal_account_used":        {500208, 9002332},
	"account_disabled":             {50057, 500571},
	"account_locked":               {50053},
	"password_expired":             {50055, 50144},
	"password_wrong":               {50126, 50064},
	"password_not_set":             {50056},
	"sign_in_agent_failed": {80001, 80002, 80003, 80004, 80005, 80006, 80007, 80008, 80009, 80010,
		80011, 80012, 80013, 80014},
	"workstation_sign_in_interferes": {81004, 81005, 81006, 81007, 81008, 81009, 81010, 81011, 81012},
	"session_confused":               {16000, 16001, 16003, 160021, 50139, 50143, 50197},
	"sign_in_interrupted":            {50125, 50135, 50140, 50199},
	"policy_blocks_sign_in":          {53003, 50131, 530032},
	"security_defaults_block":        {530035},
	"device_required":                {53000, 53001, 530003, 50005, 50097, 50129, 50155, 50187},
	"policy_wants_approved_app":      {53002, 53009},
	"mfa_required":                   {50074, 50076, 50078},
	"mfa_not_registered":             {50072, 50079, 53004},
	"mfa_registration_blocked":       {53010},
	"account_at_risk":                {53011},
	"mfa_failed":                     {500121, 50087, 50088},
	"external_challenge":             {50158, 50161, 50166, 50170},
	"interaction_needed":             {50058, 700020},
	"sign_in_refused":                {399284},
}

// shapes are ways in which a number arrives. The IDs hold other numbers of the
// table, which must not count.
var shapes = map[string]func(n int) provider.Symptom{
	"error of the token endpoint": func(n int) provider.Symptom {
		s, _ := provider.SymptomOf(&oauth.Error{Endpoint: oauth.TokenEnd, HTTPStatus: 400, Numbers: []int{n}})
		return s
	},
	"page with IDs": text("Sorry, but we’re having trouble signing you in.\r\nAADSTS%d: Some words.\r\nTrace ID: 50011aad-5001-1500-8333-070001650530" +
		"\r\nCorrelation ID: 90002000-7000-2150-5400-500110000000\r\nTimestamp: 2026-11-21 10:00:00Z"),
	"log line":            text(`2026-11-21 10:00:00,123 ERROR 70016 --- [main] c.e.Mail : java.io.IOException: {"error_description":"AADSTS%d: Words. Trace ID: 0a50126b-0000"}`),
	"codes of a document": text(`{"error_codes":[%d],"timestamp":"2026-11-21 10:00:00Z","trace_id":"65001000-0000-5001-1000-000000000000"}`),
	"escaped document":    text(`b'{\"error_codes\":[%d],\"timestamp\":\"2026-11-21\"}'`),
	"look-up address":     text("see https://login.microsoftonline.com/error?code=%d for help"),
	"encoded address":     text("https://x.example/cb?error_uri=https%%3A%%2F%%2Flogin.microsoftonline.com%%2Ferror%%3Fcode%%3D%d&state=50011"),
	"page's own data":     text(`$Config={"iErrorCode":%d,"strServiceExceptionMessage":"words","sessionId":"50011-50011"}`),
	"message of the page": text(`$Config={"strServiceExceptionMessage":"AADSTS%d: words","correlationId":"50057000"};`),
	"sign-in log":         text("Sign-in error code: %d\nFailure reason: Other."),
}

func text(format string) func(int) provider.Symptom {
	return func(n int) provider.Symptom { return provider.Symptom{Text: fmt.Sprintf(format, n)} }
}

func TestEveryNumberLeadsToItsCode(t *testing.T) {
	for want, numbers := range vendor {
		for _, n := range numbers {
			for shape, made := range shapes {
				if got := provider.Entra.Explain(made(n), provider.Context{}).Code(); got != want && !elsewhere(n, shape) {
					t.Errorf("%d as %s: %s, want %s", n, shape, got, want)
				}
			}
		}
	}
}

// elsewhere: at the token endpoint a redirect URI that does not fit was
// changed between the two requests.
func elsewhere(n int, shape string) bool {
	return shape == "error of the token endpoint" && (n == 50011 || n == 70004)
}

// Each number in the rules is in the table above, so that none is there by
// accident, and no number stands for two things.
func TestTheTableHoldsEveryNumberOfTheRules(t *testing.T) {
	known := map[int]string{}
	for code, numbers := range vendor {
		for _, n := range numbers {
			if known[n] != "" {
				t.Errorf("%d stands under %s and %s", n, known[n], code)
			}
			known[n] = code
		}
	}
	if len(known) < 150 {
		t.Errorf("only %d numbers", len(known))
	}
	for _, r := range provider.Entra.Rules {
		for _, n := range r.Vendor {
			if known[n] == "" {
				t.Errorf("no test knows the number %d", n)
			}
		}
	}
}

func TestTheParticularNumberWins(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"AADSTS70002: Error validating credentials. AADSTS54005: OAuth2 Authorization code was already redeemed", "code_used"},
		{"AADSTS54005: already redeemed. AADSTS70002: Error validating credentials.", "code_used"},
		{`{"error_codes":[70002,50012]}`, "client_certificate_invalid"},
		{`{"error_codes": [ 70002, 70008 ]}`, "grant_expired"},
		{"AADSTS70000: Authentication failed. AADSTS50173: revoked", "grant_revoked"},
		{"10:00 AADSTS50058: no session\n10:01 AADSTS50140: keep me signed in\n10:02 AADSTS53003: blocked\n10:02 AADSTS50199: go on", "policy_blocks_sign_in"},
		{"first AADSTS50126: wrong password\nlater AADSTS53003: blocked", "policy_blocks_sign_in"},
		{"AADSTS7999999: new. AADSTS7000222: expired", "client_secret_expired"},
		{"AADSTS7000222: expired. AADSTS7999999: new", "client_secret_expired"},
		{"aadsts50105 user not assigned", "user_not_assigned"},
		{"AADSTS 50105: user not assigned", "user_not_assigned"},
	} {
		if got := provider.Entra.Explain(provider.Symptom{Text: tt.text}, provider.Context{}).Code(); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.text, got, tt.want)
		}
	}
}

// What has no number, or an unknown one, is judged by the class of the OAuth
// error, then by the shape of the answer; the words are kept.
func TestUnknownNumbersFallBack(t *testing.T) {
	for _, tt := range []struct {
		text    string
		context provider.Context
		want    string
	}{
		{`{"error":"invalid_client","error_description":"AADSTS7999999: news"}`, provider.Context{}, "client_refused"},
		{`{"error":"invalid_grant","error_description":"AADSTS7999999: news"}`, provider.Context{Phase: provider.PhaseRefresh}, "interaction_needed"},
		{`{"error":"invalid_grant","error_description":"AADSTS7999999: news"}`, provider.Context{Grant: oauth.GrantRefreshToken}, "interaction_needed"},
		{`{"error":"invalid_grant","error_description":"AADSTS7999999: news"}`, provider.Context{}, "sign_in_refused"},
		{`{\"error\":\"unauthorized_client\"}`, provider.Context{}, "client_refused"},
		{"https://x.example/cb?error=consent_required&state=1", provider.Context{}, "consent_missing"},
		{"https://x.example/cb?error=access_denied&error_subcode=cancel&state=1", provider.Context{}, "admin_consent_needed"},
		{"?admin_consent=True&error=permission_denied", provider.Context{Phase: provider.PhaseConsent}, "consent_declined"},
		{"error: login_required", provider.Context{}, "interaction_needed"},
		{"error=invalid_resource", provider.Context{}, "resource_unknown"},
		{"error=invalid_scope", provider.Context{}, "scope_unknown"},
		{"error=unsupported_grant_type", provider.Context{}, "grant_type_unsupported"},
		{"error=unsupported_response_type", provider.Context{}, "response_type_unsupported"},
		{"error=authorization_pending", provider.Context{}, "device_code_pending"},
		{"error=server_error", provider.Context{}, "provider_unavailable"},
		{"error=invalid_request", provider.Context{}, "request_malformed"},
		{`{"error":"invalid_grant","suberror":"consent_required"}`, provider.Context{}, "consent_missing"},
		{`{"error":"invalid_grant","suberror":"user_password_expired"}`, provider.Context{}, "password_expired"},
		{`{"error":"interaction_required","suberror":"protection_policy_required"}`, provider.Context{}, "policy_wants_approved_app"},
		{`{"error":"invalid_grant","suberror":"device_authentication_failed"}`, provider.Context{}, "device_required"},
		{"HTTP/1.1 503 Service Unavailable", provider.Context{}, "provider_unavailable"},
		{"HTTP 429 Too Many Requests", provider.Context{}, "token_endpoint_throttled"},
		{"HTTP/1.1 407 Proxy Authentication Required", provider.Context{}, "proxy_wants_login"},
		{"<!DOCTYPE html><title>ERROR: squid access denied</title>", provider.Context{}, "proxy_answered"},
		{"<html><body>Please accept the terms of use.", provider.Context{Phase: provider.PhaseToken}, "proxy_answered"},
		{"Need admin approval\nMail needs permission to access resources", provider.Context{}, "admin_consent_needed"},
		{"You can't get there from here", provider.Context{}, "device_required"},
		{"error=redirect_uri_mismatch", provider.Context{}, "redirect_uri_refused"},
		{"the moon is full", provider.Context{}, "unexplained"},
	} {
		s := provider.Symptom{Text: tt.text}
		if got := provider.Entra.Explain(s, tt.context).Code(); got != tt.want {
			t.Errorf("%q: %s, want %s", tt.text, got, tt.want)
		}
	}
}

func TestNumbersNeedAContext(t *testing.T) {
	for _, text := range []string{
		"?code=50011", "port 50011", "line 70002 of the log", "Trace ID: 50011aad-5001-1500-8333-070001650530",
		"0x80070005", "code: 50011", "AADSTS", "AADSTS123", "AADSTS1234567890123", "AADSTS50011aad",
	} {
		if got := provider.Numbers(text); len(got) > 0 {
			t.Errorf("%q holds %v", text, got)
		}
	}
	if got := provider.Numbers(`AADSTS50011 2026-11-21 error_codes":[50011, 500113]`); !slices.Equal(got, []int{50011, 500113}) {
		t.Errorf("got %v", got)
	}
}
