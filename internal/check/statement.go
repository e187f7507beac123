package check

import (
	"context"
	"time"

	"latchkey/internal/finding"
	"latchkey/internal/product"
	"latchkey/internal/setup"
)

// statement makes the check of a point that only a person can see. unstated is
// reported while nobody has said anything, no where somebody has said no.
// needs is the answer of the same page: before it nobody had a chance to say
// anything.
func statement(id string, item setup.Item, neededBy setup.StepID, unstated, no *finding.Definition, needs ...setup.Field) *Check {
	unstated.Asks = string(item)
	return &Check{
		ID:       id,
		Reads:    []setup.Field{setup.FieldProduct, setup.FieldRelease, item.Field()},
		Targets:  ofChecklist,
		Needs:    needs,
		NeededBy: neededBy,
		Finds:    []*finding.Definition{unstated, no},
		Grade:    Human, Rejudges: true,
		Run: func(_ context.Context, e *Env, _ Target) Outcome {
			stated := e.Setup.Checklist[item]
			switch stated.Standing {
			case setup.StandingYes:
				return Passed(statedFacts(stated)...)
			case setup.StandingNo:
				return Found(finding.New(no, e.productParams(no)...).With("statement", "no", stated.By))
			}
			return Found(finding.New(unstated, e.productParams(unstated)...))
		},
	}
}

func statedFacts(s setup.Stated) []Fact {
	return []Fact{{"stated_by", s.By}, {"stated_at", s.At.UTC().Format(time.RFC3339)}}
}

// productParams fills what a definition about the product may name.
func (e *Env) productParams(d *finding.Definition) []string {
	release, _ := e.Product.Release(e.Setup.Application.Release)
	values := map[string]string{
		"product": e.Product.Name, "release": e.Setup.Application.Release,
		"guide": guideTitles(release), "sign_in_account": e.signedInAs(),
	}
	var pairs []string
	for _, name := range d.Params {
		pairs = append(pairs, name, values[name])
	}
	return pairs
}

func guideTitles(r product.Release) string {
	text := ""
	for _, g := range r.Guides {
		if text != "" {
			text += ", "
		}
		text += g.Title + " (" + g.Deployment + ")"
	}
	if text == "" {
		return "the guide of the release"
	}
	return text
}

// ofChecklist: products with a vendor's checklist, which keep their own token.
func ofChecklist(e *Env) []Target {
	if e.Product.Key != product.OwnKey {
		return nil
	}
	return []Target{{}}
}

// The advice of the checklist: nothing stops when nobody has answered.
var (
	NewestSpecial = statement("newest_special", setup.ItemNewestSpecial, setup.StepHandover,
		&finding.Definition{
			Code: "newest_special_not_stated", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
			Title:       "Nobody has stated that {{.product}} {{.release}} has its newest engineering special",
			Consequence: "A fault may be met that the vendor has repaired already.",
			Cause:       "The question was not answered.",
			Remedy:      "Compare with the vendor's download page, and say so in the step Version and account.",
			Params:      []string{"product", "release"},
		},
		&finding.Definition{
			Code: "newest_special_missing", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
			Title:       "{{.product}} {{.release}} has not its newest engineering special",
			Consequence: "A fault may be met that the vendor has repaired already.",
			Cause:       "A newer engineering special exists.",
			Remedy:      "Plan the newest engineering special of the release.",
			Params:      []string{"product", "release"},
		}, setup.FieldRelease)
	GuideInUse = statement("guide_in_use", setup.ItemGuide, setup.StepHandover,
		&finding.Definition{
			Code: "guide_not_stated", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
			Title:       "Nobody has stated which guide is in use",
			Consequence: "Screens and names differ between releases and between UCCE and PCCE.",
			Cause:       "The question was not answered.",
			Remedy:      "For {{.product}} {{.release}} use: {{.guide}}.",
			Params:      []string{"product", "release", "guide"},
		},
		&finding.Definition{
			Code: "guide_of_other_release", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
			Title:       "The guide in use is not the one of {{.product}} {{.release}}",
			Consequence: "Screens and names differ between releases and between UCCE and PCCE.",
			Cause:       "Another guide was at hand.",
			Remedy:      "Use: {{.guide}}.",
			Params:      []string{"product", "release", "guide"},
		}, setup.FieldRelease)
	InstallationPorts = statement("installation_ports", setup.ItemPorts, setup.StepHandover,
		&finding.Definition{
			Code: "installation_ports_not_stated", Severity: finding.Note, Actor: finding.NetworkAdmin, Ours: true,
			Title:       "Nobody has stated that the ports of the installation guide are open",
			Consequence: "{{.product}} itself may stand behind a closed port; only its way to Microsoft is checked here.",
			Cause:       "The question was not answered.",
			Remedy:      "Ask the network team, and say so in the step Network.",
			Params:      []string{"product"},
		},
		&finding.Definition{
			Code: "installation_ports_closed", Severity: finding.Warning, Actor: finding.NetworkAdmin, Ours: true,
			Title:       "Not all ports of the installation guide are open",
			Consequence: "{{.product}} itself may not work, whatever this checklist says.",
			Cause:       "A firewall between the servers of {{.product}}.",
			Remedy:      "Open the ports of the installation guide of {{.release}} first.",
			Params:      []string{"product", "release"},
		})
	SignInPolicy = statement("sign_in_policy", setup.ItemPolicy, setup.StepVerification,
		&finding.Definition{
			Code: "sign_in_policy_not_stated", Severity: finding.Note, Actor: finding.EntraAdmin, Ours: true,
			Title:       "Nobody has stated whether a policy ends the sign-in of {{.sign_in_account}}",
			Consequence: "Mail may stop after days, when a policy asks for a new sign-in.",
			Cause:       "The question was not answered.",
			Remedy:      "Look under Conditional Access for a sign-in frequency that covers {{.sign_in_account}}.",
			Params:      []string{"sign_in_account"},
		},
		&finding.Definition{
			Code: "sign_in_policy_applies", Severity: finding.Warning, Actor: finding.EntraAdmin, Ours: true,
			Title:       "A policy on sign-in frequency or token lifetime covers {{.sign_in_account}}",
			Consequence: "Somebody must sign in again each time the policy says so, and mail stops until then.",
			Cause:       "The policy covers service accounts too.",
			Remedy:      "Exclude {{.sign_in_account}} from the policy. The 60 minutes in the vendor's list mean access tokens, Microsoft's default.",
			Params:      []string{"sign_in_account"},
		}, setup.FieldEvidence)
)

// The last points: the product's own side, which nothing outside it can see.
var (
	LocalConsole = statement("local_console", setup.ItemLocalConsole, "",
		&finding.Definition{
			Code: "local_console_not_stated", Severity: finding.Note, Actor: finding.ProductAdmin, Ours: true,
			Title:       "Nobody has stated how the console of {{.product}} was opened",
			Consequence: "A single sign-on into the console can decide who the token belongs to.",
			Cause:       "The question was not answered.",
			Remedy:      "Open the console with a local account, in a private window, when you press Generate.",
			Params:      []string{"product"},
		},
		&finding.Definition{
			Code: "console_by_single_sign_on", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
			Title:       "The console of {{.product}} was opened with single sign-on",
			Consequence: "The same session may have signed its token in, as another person.",
			Cause:       "The console shares the sign-in of the workstation.",
			Remedy:      "Look into the sign-in log who it was. Press Generate again with a local account if it was not {{.sign_in_account}}.",
			Params:      []string{"product", "sign_in_account"},
		}, setup.FieldHandover)
	AliasActive = statement("alias_active", setup.ItemAlias, "",
		&finding.Definition{
			Code: "alias_not_stated", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
			Title:       "Nobody has stated that the alias is linked to the account and active",
			Consequence: "An inactive alias sends and fetches nothing, without an error.",
			Cause:       "After three failures {{.product}} sets an alias inactive; it stays so until somebody switches it on.",
			Remedy:      "Open the alias, and see that it is linked to the new account and active. Then say so in the step Hand-over.",
			Params:      []string{"product"},
		},
		&finding.Definition{
			Code: "alias_inactive", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
			Title:       "The alias is not linked to the account, or not active",
			Consequence: "{{.product}} fetches no mail for it. Sending goes on, so a test message out proves nothing.",
			Cause:       "It was set inactive after failures, or the account was changed.",
			Remedy:      "Link it and switch it on. Never delete the account: press Generate again on the same one.",
			Params:      []string{"product"},
		}, setup.FieldHandover)
	ServicesRestarted = statement("services_restarted", setup.ItemRestarted, "",
		&finding.Definition{
			Code: "services_restart_not_stated", Severity: finding.Note, Actor: finding.ProductAdmin, Unconfirmed: true, Ours: true,
			Title:       "Nobody has stated that retriever and dispatchers were restarted",
			Consequence: "A new alias may not be fetched before.",
			Cause:       "Older releases want the alias on a retriever instance, then a restart. Whether {{.release}} does is not known here.",
			Remedy:      "See that the alias is on a retriever instance. Restart the retriever and all dispatchers of the partition.",
			Params:      []string{"release"},
		},
		&finding.Definition{
			Code: "services_not_restarted", Severity: finding.Note, Actor: finding.ProductAdmin, Unconfirmed: true, Ours: true,
			Title:       "Retriever and dispatchers were not restarted",
			Consequence: "A new alias may not be fetched before.",
			Cause:       "Older releases want a restart. Whether {{.release}} does is not known here.",
			Remedy:      "If no mail is fetched after ten minutes, restart the retriever and all dispatchers of the partition.",
			Params:      []string{"release"},
		}, setup.FieldHandover)
	WorkflowExists = statement("workflow_exists", setup.ItemWorkflow, "",
		&finding.Definition{
			Code: "workflow_not_stated", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
			Title:       "Nobody has stated that a workflow takes the alias's mail to a queue",
			Consequence: "Without one, mail is fetched and ends in the exception queue, where no agent sees it.",
			Cause:       "The question was not answered.",
			Remedy:      "See that an inbound workflow uses the alias, and say so in the step Hand-over.",
		},
		&finding.Definition{
			Code: "workflow_missing", Severity: finding.Blocker, Actor: finding.ProductAdmin, Ours: true,
			Title:       "No workflow takes the alias's mail to a queue",
			Consequence: "Mail is fetched and ends in the exception queue, where no agent sees it.",
			Cause:       "The alias is new and stands in no inbound workflow.",
			Remedy:      "Make a workflow for the alias. What is in the exception queue can be processed again by an alarm workflow.",
		}, setup.FieldHandover)
	AlarmArrived = statement("alarm_arrived", setup.ItemAlarm, "",
		&finding.Definition{
			Code: "alarm_not_stated", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
			Title:       "Nobody has stated that a test alarm arrived",
			Consequence: "When mail stops, perhaps nobody is told.",
			Cause:       "Whether alarms use the mailbox's token or another sender is not known here.",
			Remedy:      "Send one test alarm from the application server. When it has arrived, say so in the step Hand-over.",
		},
		&finding.Definition{
			Code: "alarm_missing", Severity: finding.Warning, Actor: finding.ProductAdmin, Ours: true,
			Title:       "The test alarm did not arrive",
			Consequence: "When mail stops, nobody is told.",
			Cause:       "The application server cannot send, or the alarm's sender is set up apart from the mailbox.",
			Remedy:      "Check port 587 from the application server, and the sender of the alarm notification.",
		}, setup.FieldHandover)
)
