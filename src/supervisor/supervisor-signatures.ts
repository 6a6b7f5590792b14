import type { ProcessRef, SupervisorRef } from '../process/process-refs.js';
import type { ChildSpec, ChildTemplate, SupervisorOptions } from './child-spec.js';

/** The overloads of `Supervisor.start`. */
export interface StartSupervisor {
  /** Starts a supervisor with a child template. Its ref type contains the template's arguments. */
  <Args extends readonly unknown[] = readonly unknown[], Child extends ProcessRef = ProcessRef>(
    options: SupervisorOptions<Args, Child> & { readonly childTemplate: ChildTemplate<Args, Child> },
  ): Promise<SupervisorRef<Args, Child>>;
  /** Starts a supervisor with child specs. */
  (options?: SupervisorOptions & { readonly childTemplate?: undefined }): Promise<SupervisorRef<never>>;
  (options: SupervisorOptions): Promise<SupervisorRef>;
}

/** The overloads of `Supervisor.startChild`. */
export interface StartChild {
  <Args extends readonly unknown[], Child extends ProcessRef>(
    ref: SupervisorRef<Args, Child>,
    args: NoInfer<Args>,
  ): Promise<Child>;
  <Args, Child extends ProcessRef>(ref: SupervisorRef<Args>, spec: SpecFor<Args, Child>): Promise<Child>;
  /** For an untyped ref: the compiler does not know whether the supervisor has a template. */
  <Args>(
    ref: SupervisorRef<Args>,
    specOrArgs: unknown extends Args ? ChildSpec | readonly unknown[] : never,
  ): Promise<ProcessRef>;
}

/** The type of the child spec; `never` if the supervisor has a template. */
type SpecFor<Args, Child extends ProcessRef> = [Args] extends [never]
  ? ChildSpec<Child>
  : unknown extends Args
    ? ChildSpec<Child>
    : never;
