import type { ProcessRef, SupervisorRef } from '../process/refs.js';
import type { ChildSpec, ChildTemplate, SupervisorOptions } from './child-spec.js';

/** The signature of `Supervisor.start`. */
export interface StartSupervisor {
  /** Of children that a template starts: the ref knows which arguments it takes. */
  <Args extends readonly unknown[] = readonly unknown[], Child extends ProcessRef = ProcessRef>(
    options: SupervisorOptions<Args, Child> & { readonly childTemplate: ChildTemplate<Args, Child> },
  ): Promise<SupervisorRef<Args, Child>>;
  /** Of children that have specs. */
  (options?: SupervisorOptions & { readonly childTemplate?: undefined }): Promise<SupervisorRef<never>>;
  (options: SupervisorOptions): Promise<SupervisorRef>;
}

/** The signature of `Supervisor.startChild`. */
export interface StartChild {
  <Args extends readonly unknown[], Child extends ProcessRef>(
    ref: SupervisorRef<Args, Child>,
    args: NoInfer<Args>,
  ): Promise<Child>;
  <Args, Child extends ProcessRef>(ref: SupervisorRef<Args>, spec: SpecFor<Args, Child>): Promise<Child>;
  /** To a supervisor of which the compiler does not know whether it has a template. */
  <Args>(
    ref: SupervisorRef<Args>,
    specOrArgs: unknown extends Args ? ChildSpec | readonly unknown[] : never,
  ): Promise<ProcessRef>;
}

/** The spec of a child, unless the supervisor has a template. */
type SpecFor<Args, Child extends ProcessRef> = [Args] extends [never]
  ? ChildSpec<Child>
  : unknown extends Args
    ? ChildSpec<Child>
    : never;
