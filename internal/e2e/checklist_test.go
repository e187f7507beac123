package e2e_test

import (
	"testing"

	"latchkey/internal/e2e/bench"
)

// TestChecklistOnly goes through the eight steps without a sign-in at Latchkey:
// the product proves steps 6 and 7, and the report says what was not proved.
func TestChecklistOnly(t *testing.T) {
	d := startDemo(t)
	browser := bench.StartBrowser(t)
	desk, portal := browser.Context(t), browser.Context(t)
	claim(t, noLook, desk, d.AdminLink)
	desk.Follow("Add a mailbox")
	desk.Press("Start the setup")
	desk.Choose("Cisco ECE (eGain)")
	desk.Select("Release", "Cisco ECE (eGain) 12.6(1)")
	desk.Fill("Engineering specials", "ES1")
	desk.Choose("Shared account")
	desk.Fill("Mailboxes", "sales@lab.example")
	desk.Fill("Sign-in account", "svc-mail@lab.example")
	desk.Check("IMAP")
	desk.Check("SMTP")
	desk.Check("Checklist only: nobody signs in at Latchkey")
	desk.Press("Save and check")
	desk.Follow("Continue to step 2: Addresses")

	const own = "https://ece.contoso.example/egain/oauth/callback"
	desk.Fill("Address in the setting", "https://ece.contoso.example")
	desk.Fill("Address of the administration console", "https://ece.contoso.example/system")
	desk.Fill("Redirect URI of the mail application", own)
	desk.Press("Save and check")
	desk.Follow("Continue to step 3: Entra application")
	registerAtPortal(t, portal, d, own)
	desk.Fill("Directory (tenant) ID", d.Lab.TenantID)
	desk.Fill("Application (client) ID", d.Lab.ClientID)
	desk.Fill("Registered redirect URIs", own)
	desk.Press("Save and check")
	desk.Follow("Continue to step 4: Network")
	desk.Follow("Continue to step 5: Mailbox")
	desk.Choose("Step 7 will show it")
	desk.Press("Save and check")
	desk.Follow("Continue to step 6: Sign-in")
	desk.WaitText("Proved by Cisco ECE (eGain)")
	shoot(t, desk, "60-checklist-only")
	clean(t, desk, "60-checklist-only")
	desk.Follow("Continue to step 7: Verification")
	desk.Follow("Continue to step 8: Hand-over")
	desk.WaitText("Nobody signed in here, so there is no key to decide about.")
	desk.Check("The token was generated in Cisco ECE (eGain), in the same private window")
	desk.Press("Save and finish")
	desk.WaitText("Nobody signed in here: Cisco ECE (eGain) alone proves sign-in and mail flow")
	shoot(t, desk, "61-checklist-only-handover")
	desk.Follow("Open the report")
	desk.WaitText("Nobody signed in here: Cisco ECE (eGain) alone proves sign-in and mail flow")
}
