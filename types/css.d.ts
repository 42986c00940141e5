/** A style sheet as minified text: Vite and `scripts/bundle.ts` make it one. */
declare module "*.css?inline" {
  const text: string;
  export default text;
}
