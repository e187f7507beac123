package e2e_test

import (
	"net/url"
	"regexp"
	"strings"
	"testing"

	"latchkey/internal/e2e/bench"
)

// TestECE completes the flow of the Cisco ECE profile: release and engineering
// special, two redirect URIs, a private window that stays open for Generate, and
// a sign-in of Latchkey that is deleted at the end.
func TestECE(t *testing.T) {
	d := startDemo(t)
	browser := bench.StartBrowser(t)
	desk, private, portal := browser.Context(t), browser.Context(t), browser.Context(t)
	look := func(p *bench.Page, station string) {
		t.Helper()
		shoot(t, p, station)
		clean(t, p, station)
	}
	w := way{
		hands:  func(p *bench.Page) hands { return p },
		awaits: func(p *bench.Page, text string) { t.Helper(); p.WaitText(text) },
		looks:  look,
	}
	claim(t, noLook, desk, d.AdminLink)
	desk.Follow("Add a mailbox")
	desk.Press("Start the setup")
	desk.Choose("Cisco ECE (eGain)")
	desk.Select("Release", "Cisco ECE (eGain) 12.6(1)")
	desk.Choose("Shared account")
	desk.Fill("Mailboxes", "sales@lab.example")
	desk.Fill("Sign-in account", "svc-mail@lab.example")
	desk.Check("IMAP")
	desk.Check("SMTP")
	desk.Press("Save and check")
	desk.WaitText("engineering_special_missing")
	look(desk, "50-ece-special-missing")
	desk.Fill("Engineering specials", "ES1")
	desk.Press("Save and check")
	desk.Follow("Continue to step 2: Addresses")

	const own = "https://ece.contoso.example/egain/oauth/callback"
	desk.Fill("Address in the setting", "https://ece.contoso.example")
	desk.Fill("Address of the administration console", "https://ECE.contoso.example:8443/system")
	desk.Fill("Redirect URI of the mail application", own)
	desk.Press("Save and check")
	desk.WaitText("Addresses side by side")
	look(desk, "51-ece-addresses-differ")
	desk.Fill("Address of the administration console", "https://ece.contoso.example/system")
	desk.Press("Save and check")
	asks := func(scopes string) string {
		return d.Lab.Authority + "/lab.example/oauth2/v2.0/authorize?client_id=" + d.Lab.ClientID +
			"&response_type=code&redirect_uri=" + url.QueryEscape(own) + "&prompt=login&state=s&scope=" + url.QueryEscape(scopes)
	}
	const imap, smtp = "https://outlook.office.com/IMAP.AccessAsUser.All", "https://outlook.office.com/SMTP.Send"
	desk.Fill("Address of the sign-in page", own+"?code=0.live&state=s")
	desk.Press("Read the address")
	desk.WaitText("This text holds a one-time code")
	look(desk, "51-ece-return-address-refused")
	desk.Fill("Address of the sign-in page", asks("IMAP.AccessAsUser.All "+smtp))
	desk.Press("Read the address")
	desk.WaitText("product_asks_no_refresh_token")
	desk.WaitText("product_scope_without_resource")
	look(desk, "51-ece-scopes-wrong")
	desk.Fill("Address of the sign-in page", asks(imap+" "+smtp+" offline_access"))
	desk.Press("Read the address")
	desk.Follow("Continue to step 3: Entra application")
	desk.WaitText("Step 3 of 8")
	look(desk, "52-ece-registration")
	uri := regexp.MustCompile(`http://localhost:\d+/callback`).FindString(desk.Text())
	if !strings.Contains(desk.Text(), own) {
		t.Errorf("the page does not name ECE's redirect URI: %s", desk.Text())
	}
	secret := registerAtPortal(t, portal, d, uri)
	desk.Fill("Directory (tenant) ID", d.Lab.TenantID)
	desk.Fill("Application (client) ID", d.Lab.ClientID)
	desk.Fill("Client secret value", secret)
	desk.Fill("Registered redirect URIs", uri)
	desk.Press("Save and check")
	desk.WaitText("The pasted list does not contain the redirect URI " + own)
	look(desk, "53-ece-one-uri-missing")
	desk.Fill("Registered redirect URIs", uri+"\n"+own)
	desk.Press("Save and check")
	desk.Follow("Continue to step 4: Network")
	desk.Follow("Continue to step 5: Mailbox")
	desk.Choose("Step 7 will show it")
	desk.Press("Save and check")
	desk.Follow("Continue to step 6: Sign-in")
	signIn(t, w, desk, private, d)
	desk.Follow("Continue to step 7: Verification")
	desk.Follow("Continue to step 8: Hand-over")
	look(desk, "54-ece-handover")
	// A line is judged before the key is decided on, in the language it has.
	desk.Fill("Line of the sign-in log", "22.11.2026, 00:55:10\t7f2a\tVertrieb\tsvc-mail@lab.example\tECE\t"+d.Lab.ClientID+"\tFehler\t50126")
	desk.Press("Read the line")
	desk.WaitText("sign_in_log_of_failure")
	desk.Fill("Line of the sign-in log", "22.11.2026, 00:57:10\t7f2b\tVertrieb\toperator@lab.example\tECE\t"+d.Lab.ClientID+"\tErfolg")
	desk.Press("Read the line")
	desk.WaitText("product_signed_in_as_other")
	look(desk, "54-ece-other-signed-in")
	desk.Press("Remove what was pasted")
	desk.WaitText("What was pasted is removed")
	desk.Choose("Delete this sign-in")
	desk.Check("The token was generated in Cisco ECE (eGain), in the same private window")
	desk.Press("Save and finish")
	desk.Follow("Back to the overview")
	desk.WaitText("Set up, not yet seen fetching")
	desk.WaitText("look whether mail is still fetched, and tick it in step 8")
	look(desk, "55-ece-overview")
}
