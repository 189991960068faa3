package main

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// book is the resource: shelf_book.
type book struct{ objects folder }

type bookModel struct {
	ID         types.String `tfsdk:"id"`
	Name       types.String `tfsdk:"name"`
	Title      types.String `tfsdk:"title"`
	Secret     types.String `tfsdk:"secret"`
	Key        types.String `tfsdk:"key_wo"`
	KeyVersion types.Int64  `tfsdk:"key_wo_version"`
	Seconds    types.Int64  `tfsdk:"seconds"`
	Fails      types.String `tfsdk:"fails"`
}

func (*book) Metadata(_ context.Context, _ resource.MetadataRequest, out *resource.MetadataResponse) {
	out.TypeName = "shelf_book"
}

func (*book) Schema(_ context.Context, _ resource.SchemaRequest, out *resource.SchemaResponse) {
	replaces := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	keeps := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	out.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"id":             schema.StringAttribute{Computed: true, PlanModifiers: keeps},
		"name":           schema.StringAttribute{Required: true, PlanModifiers: replaces},
		"title":          schema.StringAttribute{Required: true, Description: "Changed in place."},
		"secret":         schema.StringAttribute{Optional: true, Sensitive: true},
		"key_wo":         schema.StringAttribute{Optional: true, WriteOnly: true},
		"key_wo_version": schema.Int64Attribute{Optional: true, Description: "Changed, so that key_wo is written anew."},
		"seconds":        schema.Int64Attribute{Optional: true, Description: "How long making it takes."},
		"fails":          schema.StringAttribute{Optional: true, Description: "`before` or `after` it is made."},
	}}
}

func (b *book) Configure(_ context.Context, in resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	if in.ProviderData != nil {
		b.objects = in.ProviderData.(folder)
	}
}

// Create writes the file, takes its time, and then marks it as finished: killed in between, it is there and not finished.
func (b *book) Create(ctx context.Context, in resource.CreateRequest, out *resource.CreateResponse) {
	var plan, config bookModel
	out.Diagnostics.Append(in.Plan.Get(ctx, &plan)...)
	out.Diagnostics.Append(in.Config.Get(ctx, &config)...)
	if out.Diagnostics.HasError() {
		return
	}
	if plan.Fails.ValueString() == "before" {
		out.Diagnostics.AddAttributeError(path.Root("name"), "The shelf is full", "Nothing was put on it.")
		return
	}
	made := b.object(plan, config)
	made.Finished = false
	if failed(&out.Diagnostics, b.objects.write(made)) {
		return
	}
	plan.ID = plan.Name
	out.Diagnostics.Append(out.State.Set(ctx, plan)...)
	if stopped(ctx, &out.Diagnostics, plan.Seconds.ValueInt64()) {
		return
	}
	if plan.Fails.ValueString() == "after" {
		out.Diagnostics.AddError("The shelf broke", fmt.Sprintf("%s was put on it, and then it broke.", made.Name))
		return
	}
	made.Finished = true
	failed(&out.Diagnostics, b.objects.write(made))
}

func (b *book) Read(ctx context.Context, in resource.ReadRequest, out *resource.ReadResponse) {
	var state bookModel
	out.Diagnostics.Append(in.State.Get(ctx, &state)...)
	found, err := b.objects.read(state.ID.ValueString())
	if failed(&out.Diagnostics, err) || out.Diagnostics.HasError() {
		return
	}
	if found == nil {
		out.State.RemoveResource(ctx)
		return
	}
	state.Name, state.Title = types.StringValue(found.Name), types.StringValue(found.Title)
	state.Secret = types.StringNull()
	if found.Secret != "" {
		state.Secret = types.StringValue(found.Secret)
	}
	out.Diagnostics.Append(out.State.Set(ctx, state)...)
}

func (b *book) Update(ctx context.Context, in resource.UpdateRequest, out *resource.UpdateResponse) {
	var plan, config bookModel
	out.Diagnostics.Append(in.Plan.Get(ctx, &plan)...)
	out.Diagnostics.Append(in.Config.Get(ctx, &config)...)
	if out.Diagnostics.HasError() || failed(&out.Diagnostics, b.objects.write(b.object(plan, config))) {
		return
	}
	out.Diagnostics.Append(out.State.Set(ctx, plan)...)
}

func (b *book) Delete(ctx context.Context, in resource.DeleteRequest, out *resource.DeleteResponse) {
	var state bookModel
	out.Diagnostics.Append(in.State.Get(ctx, &state)...)
	failed(&out.Diagnostics, b.objects.remove(state.ID.ValueString()))
}

func (b *book) ImportState(ctx context.Context, in resource.ImportStateRequest, out *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("id"), in, out)
}

func (b *book) object(plan, config bookModel) object {
	return object{
		Name:     plan.Name.ValueString(),
		Title:    plan.Title.ValueString(),
		Secret:   plan.Secret.ValueString(),
		Key:      digest(config.Key.ValueString()),
		Finished: true,
	}
}

func failed(out *diag.Diagnostics, err error) bool {
	if err != nil {
		out.AddError("The shelf cannot be reached", err.Error())
	}
	return err != nil
}

// stopped waits, and tells whether it was interrupted meanwhile.
func stopped(ctx context.Context, out *diag.Diagnostics, seconds int64) bool {
	select {
	case <-time.After(time.Duration(seconds) * time.Second):
		return false
	case <-ctx.Done():
		out.AddError("It was interrupted", "The book lies on the shelf and is not finished.")
		return true
	}
}
